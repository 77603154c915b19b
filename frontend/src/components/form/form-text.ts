/** What was typed into the field `name`. */
export function text(data: FormData, name: string): string {
  return String(data.get(name) ?? "");
}

export const MIN_PASSWORD_CHARACTERS = 10;
