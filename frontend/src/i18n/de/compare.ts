import type { Translation } from "../catalogue";
import type { compare as English } from "../en/compare";

export const compare: Translation<typeof English> = {
  "{count} prompts": { one: "1 Prompt", other: "{count} Prompts" },
  "{count} seeds": { one: "1 Seed", other: "{count} Seeds" },
  "{count} variants": { one: "1 Variante", other: "{count} Varianten" },
  "{name} is listed twice.": "{name} steht zweimal in der Liste.",
  "{prompt}: a column for each variant, a row for each seed": "{prompt}: eine Spalte je Variante, eine Zeile je Seed",
  "{prompt}: plus, minus, zero and the arrow keys zoom and move all pictures":
    "{prompt}: Plus, Minus, Null und die Pfeiltasten zoomen und bewegen alle Bilder",
  "{sum}: {count} pictures, as one job.": "{sum}: {count} Bilder, als ein Auftrag.",
  "Add a prompt": "Prompt hinzufügen",
  "Add a seed.": "Bitte einen Seed hinzufügen.",
  "Add a variant": "Variante hinzufügen",
  "Add a variant.": "Bitte eine Variante hinzufügen.",
  "Contact sheet": "Kontaktabzug",
  favorites: "Favoriten",
  "favorites, the most": "Favoriten, die meisten",
  "LoRA of variant {number}": "LoRA der Variante {number}",
  "New comparison": "Neuer Vergleich",
  "One column per variant. Leave the weight empty for the LoRA's default.":
    "Eine Spalte je Variante. Ohne Angabe gilt das Standardgewicht der LoRA.",
  "One row per seed.": "Eine Zeile je Seed.",
  "Open {name}": "{name} öffnen",
  "Prompt {number}": "Prompt {number}",
  Prompts: "Prompts",
  "Remove prompt {number}": "Prompt {number} entfernen",
  "Remove variant {number}": "Variante {number} entfernen",
  "Roll new seeds": "Neue Seeds würfeln",
  "See LoRA versions and weights side by side, with the same prompts and seeds.":
    "LoRA-Versionen und Gewichte nebeneinander, mit gleichen Prompts und Seeds.",
  Seeds: "Seeds",
  "Seeds are whole numbers from 0 to 18446744073709551615.": "Seeds sind ganze Zahlen von 0 bis 18446744073709551615.",
  "That is {count} pictures, and a comparison holds {max}: they are made side by side, as one job. Take out a prompt, a seed or a variant.":
    "Das sind {count} Bilder, und ein Vergleich fasst {max}: sie entstehen nebeneinander, als ein Auftrag. Bitte einen Prompt, einen Seed oder eine Variante weglassen.",
  "There is no such comparison here any more.": "Diesen Vergleich gibt es hier nicht mehr.",
  "This job isn't a comparison.": "Dieser Auftrag ist kein Vergleich.",
  "Weight of variant {number}": "Gewicht der Variante {number}",
  "What should every variant show?": "Was soll jede Variante zeigen?",
  "Write a prompt.": "Bitte einen Prompt schreiben.",
};
