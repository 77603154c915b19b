import { Field } from "@/components/ui/field";
import { t } from "@/i18n/t";

const MIN_PASSWORD_CHARACTERS = 10;

/** The field `new_password` of a form. */
export function NewPassword({ label, problem }: { label: string; problem: string | null }) {
  return (
    <Field
      label={label}
      name="new_password"
      type="password"
      autoComplete="new-password"
      required
      maxLength={200}
      hint={t("At least {count} characters. A few words work well.", { count: MIN_PASSWORD_CHARACTERS })}
      problem={problem}
    />
  );
}
