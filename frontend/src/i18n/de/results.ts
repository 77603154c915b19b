import type { Translation } from "../catalogue";
import type { results as English } from "../en/results";

export const results: Translation<typeof English> = {
  "{count} pictures ready": { one: "1 Bild fertig", other: "{count} Bilder fertig" },
  "{percent} % of the first picture": "{percent} % des ersten Bilds",
  "All {count} pictures are ready.": { one: "Das Bild ist fertig.", other: "Alle {count} Bilder sind fertig." },
  "Also running: {prompt}": "Läuft auch: {prompt}",
  "Choose a second picture": "Zweites Bild wählen",
  "Clear the list": "Liste leeren",
  "Clear this list?": "Diese Liste leeren?",
  "Compare two pictures": "Zwei Bilder vergleichen",
  Divider: "Trennlinie",
  "Earlier pictures": "Frühere Bilder",
  "Ended: {prompt}": "Beendet: {prompt}",
  "Finished jobs leave this list. Your pictures stay in History.":
    "Fertige Aufträge verschwinden aus dieser Liste. Die Bilder bleiben im Verlauf.",
  "Keep them": "Behalten",
  "Left picture:": "Linkes Bild:",
  "Make it without": "Ohne erstellen",
  "Making {count} pictures.": { one: "1 Bild wird erstellt.", other: "{count} Bilder werden erstellt." },
  "Notify me next time": "Beim nächsten Mal benachrichtigen",
  "Picture {number} of {count} is done.": "Bild {number} von {count} ist fertig.",
  "Remove from this list": "Aus dieser Liste entfernen",
  Results: "Ergebnisse",
  "Right picture:": "Rechtes Bild:",
  "Same settings": "Gleiche Einstellungen",
  "Side by side": "Nebeneinander",
  Slider: "Schieber",
  "Stop comparing": "Vergleich beenden",
  "That took a while.": "Das hat etwas gedauert.",
  "the left picture": "(linkes Bild)",
  "the right picture": "(rechtes Bild)",
};
