/** The text of the field `name`. */
export function text(data: FormData, name: string): string {
  return String(data.get(name) ?? "");
}
