import type { Translation } from "../catalogue";
import type { edit as English } from "../en/edit";

export const edit: Translation<typeof English> = {
  "{percent} % of the picture selected": "{percent} % des Bilds ausgewählt",
  "{x} from the left, {y} from the top": "{x} von links, {y} von oben",
  "Begin with": "Beginnen mit",
  Brush: "Pinsel",
  "Brush size": "Pinselgröße",
  Canvas: "Leinwand",
  "Colors around": "Farben ringsum",
  "Edit picture": "Bild bearbeiten",
  Eraser: "Radierer",
  "How much the painted part changes. At 1 nothing of it is kept.":
    "Wie stark sich der bemalte Teil ändert. Bei 1 bleibt nichts davon.",
  Invert: "Umkehren",
  "Less than 1 % of the picture selected": "Weniger als 1 % des Bilds ausgewählt",
  "Makes this part alone, at full size, and puts it back: more detail for small things.":
    "Erstellt nur diesen Teil in voller Größe und setzt ihn wieder ein: mehr Details bei kleinen Dingen.",
  Noise: "Rauschen",
  "Nothing selected. Paint over what should change.": "Nichts ausgewählt. Bitte übermalen, was sich ändern soll.",
  "Only the painted area": "Nur der bemalte Bereich",
  "Paint over what should change first.": "Bitte zuerst übermalen, was sich ändern soll.",
  "Paint over what should change. Arrow keys move the brush, with Shift further. Enter or the space bar paints a dot; hold the space bar and press arrow keys to paint a line. B and E choose brush and eraser, [ and ] change the size, I inverts, Ctrl+Z takes back.":
    "Übermalen, was sich ändern soll. Pfeiltasten bewegen den Pinsel, mit Umschalt weiter. Eingabe oder Leertaste malt einen Punkt; Leertaste gedrückt halten und Pfeiltasten drücken malt eine Linie. B und E wählen Pinsel und Radierer, [ und ] ändern die Größe, I kehrt um, Strg+Z macht rückgängig.",
  "Pixels over which the new part fades into the picture.": "Pixel, über die der neue Teil ins Bild übergeht.",
  Redo: "Wiederholen",
  "Soft edge": "Weicher Rand",
  "The painted part": "Der bemalte Teil",
  Tools: "Werkzeuge",
};
