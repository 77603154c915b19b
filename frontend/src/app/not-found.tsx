import { LateHeader } from "@/components/header/LateHeader";
import { buttonLook } from "@/components/ui/button";
import { StaticText } from "@/i18n/StaticText";

export default function NotFound() {
  return (
    <>
      <LateHeader />
      <main className="mx-auto flex max-w-lg flex-col items-start gap-4 px-6 py-24">
        <h1 className="font-semibold text-2xl">
          <StaticText text="Page not found." />
        </h1>
        <p className="text-muted-foreground">
          <StaticText text="The address may be mistyped, or what it showed is gone." />
        </p>
        <a className={buttonLook()} href="/">
          <StaticText text="Make pictures" />
        </a>
      </main>
    </>
  );
}
