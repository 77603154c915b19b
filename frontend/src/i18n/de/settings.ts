import type { Translation } from "../catalogue";
import type { settings as English } from "../en/settings";

export const settings: Translation<typeof English> = {
  "{count} pictures could not be deleted.": {
    one: "1 Bild konnte nicht gelöscht werden.",
    other: "{count} Bilder konnten nicht gelöscht werden.",
  },
  "{count} pictures still in progress can't be deleted yet.": {
    one: "1 Bild ist noch in Arbeit und kann noch nicht gelöscht werden.",
    other: "{count} Bilder sind noch in Arbeit und können noch nicht gelöscht werden.",
  },
  "{done} of {count} done": "{done} von {count} fertig",
  "{from} to {to} %": "{from} bis {to} %",
  "{name} at {weight}": "{name} mit {weight}",
  "almost there": "fast fertig",
  bottom: "unten",
  "Cancelled with {made} of {count} finished.": "Abgebrochen; {made} von {count} fertig.",
  "Cancelled.": "Abgebrochen.",
  "Each side: a multiple of {multiple} from {min} to {max} pixels.":
    "Jede Seite: ein Vielfaches von {multiple}, von {min} bis {max} Pixel.",
  "enlarged by {upscaler}": "vergrößert mit {upscaler}",
  Extended: "Erweitert",
  Extension: "Erweiterung",
  File: "Datei",
  "from noise": "aus Rauschen",
  "from the colors around": "aus den Farben ringsum",
  "Guidance end": "Guidance-Ende",
  "Guidance interval": "Guidance-Bereich",
  "Guidance start": "Guidance-Beginn",
  "Guided part": "Geführter Teil",
  "hard edge": "harter Rand",
  left: "links",
  "LoRA weight": "LoRA-Gewicht",
  "Making {count} pictures": { one: "1 Bild wird erstellt", other: "{count} Bilder werden erstellt" },
  Mask: "Maske",
  Model: "Modell",
  "No settings found in this picture. Some apps and websites strip them.":
    "In diesem Bild stehen keine Einstellungen. Manche Apps und Websites entfernen sie.",
  "Only {made} of {count} finished.": "Nur {made} von {count} fertig.",
  "only this area": "nur dieser Bereich",
  "Picture {number} of {count}: {prompt}": "Bild {number} von {count}: {prompt}",
  "Please fix these settings.": "Bitte diese Einstellungen korrigieren.",
  "Reconnecting…": "Verbindung wird wiederhergestellt…",
  right: "rechts",
  "Second pass": "Zweiter Durchgang",
  "seeds {first} to {last}": "Seeds {first} bis {last}",
  "Sending…": "Wird gesendet…",
  "Sent to the model": "An das Modell gesendet",
  Size: "Größe",
  "soft edge {px} px": "weicher Rand {px} px",
  "Start strength": "Startstärke",
  Starting: "Beginnt",
  "strength {value}": "Stärke {value}",
  "The queue is full right now.": "Die Warteschlange ist gerade voll.",
  "The settings inside this picture are too long: {length} characters, and {most} can be read.":
    "Die Einstellungen in diesem Bild sind zu lang: {length} Zeichen; lesbar sind {most}.",
  "These pictures could not be made.": {
    one: "Dieses Bild konnte nicht erstellt werden.",
    other: "Diese Bilder konnten nicht erstellt werden.",
  },
  "This file is not a picture that can be read. PNG, JPEG and WebP files can.":
    "Diese Datei ist kein lesbares Bild. Möglich sind PNG, JPEG und WebP.",
  "This file is too large: settings are read from pictures of up to {count} MB.":
    "Diese Datei ist zu groß: Einstellungen werden aus Bildern bis {count} MB gelesen.",
  "This job is no longer on the server.": "Dieser Auftrag ist nicht mehr auf dem Server.",
  "This picture has {size}. The server takes up to {max}.": "Dieses Bild hat {size}. Der Server nimmt bis zu {max} an.",
  "This picture has a workflow of ComfyUI inside, which is not read here. Its settings can be read where the node that saves it writes them as A1111 does.":
    "Dieses Bild enthält einen Workflow von ComfyUI, der hier nicht gelesen wird. Lesbar sind die Einstellungen, wenn der speichernde Node sie so schreibt wie A1111.",
  "Too large: a side may have {count} pixels at most.": "Zu groß: eine Seite darf höchstens {count} Pixel haben.",
  "Too large: width times height may be {count} pixels at most.":
    "Zu groß: Breite mal Höhe darf höchstens {count} Pixel ergeben.",
  top: "oben",
  "Waiting: {place} in line": "Wartet: Platz {place}",
  "Waiting: next in line": "Wartet: als Nächstes dran",
  "You have reached a limit.": "Ein Limit ist erreicht.",
  "Your prompt is kept: try again in a moment.": "Der Prompt bleibt erhalten: bitte gleich noch einmal versuchen.",
  "Your prompt is kept.": "Der Prompt bleibt erhalten.",
  "Your request may have gone through. Check below before trying again.":
    "Die Anfrage ist vielleicht angekommen. Bitte unten nachsehen, bevor sie wiederholt wird.",
};
