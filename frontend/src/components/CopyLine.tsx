import { CopyButton } from "./CopyButton";

interface CopyLineProps {
  /** What the text is, for screen readers. */
  name: string;
  text: string;
  /** Of the button. */
  label: string;
}

/** A text to hand on, with a button that copies it. */
export function CopyLine({ name, text, label }: CopyLineProps) {
  return (
    <div className="flex items-center gap-2 rounded-xl border bg-card py-1.5 pr-1.5 pl-4">
      <output aria-label={name} className="min-w-0 flex-1 break-all text-sm">
        {text}
      </output>
      <CopyButton label={label} text={text} />
    </div>
  );
}
