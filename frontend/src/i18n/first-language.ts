/** The language to begin with: the one that was chosen here before, else the first of the browser's that the page has.
 * The HTML carries this function as text, so it uses nothing from outside. */
export function firstLanguage(): "en" | "de" | "zh" {
  const have = ["en", "de", "zh"] as const;
  let wanted: readonly string[] = navigator.languages ?? [];
  try {
    wanted = [localStorage.getItem("lora-studio:language") ?? "", ...wanted];
  } catch {
    // storage is forbidden: the browser's languages decide
  }
  for (const each of wanted) {
    const found = have.find((language) => language === each.slice(0, 2).toLowerCase());
    if (found) return found;
  }
  return "en";
}

/** Runs before the first paint: hides the English texts of the HTML from who reads another language, until the page has
 * replaced them, for 3 s at most. */
export function hideOtherLanguage(first: () => string): void {
  const language = first();
  if (language === "en") return;
  const html = document.documentElement;
  html.lang = language === "zh" ? "zh-Hans" : language;
  html.dataset.translating = "";
  setTimeout(() => delete html.dataset.translating, 3_000);
}
