import type { Translation } from "../catalogue";
import type { usage as English } from "../en/usage";

export const usage: Translation<typeof English> = {
  "{amount} more is set aside for pictures in the making.": "{amount} mehr sind für laufende Bilder zurückgelegt.",
  "{amount} of it is free until the end of the month.": "{amount} davon sind bis zum Monatsende frei.",
  "{email} has {amount} now.": "{email} hat jetzt {amount}.",
  "{left} of {limit} left": "{left} von {limit} übrig",
  "A negative number takes credit away.": "Eine negative Zahl zieht Guthaben ab.",
  Amount: "Betrag",
  "Buy {amount}": "{amount} kaufen",
  "Buy {amount} for {price}": "{amount} für {price} kaufen",
  "Change it": "Ändern",
  "Change the credit": "Guthaben ändern",
  "Compute time a day": "Rechenzeit pro Tag",
  Corrected: "Korrigiert",
  "Credit history": "Guthabenverlauf",
  Dollars: "Dollar",
  "Generations an hour": "Generierungen pro Stunde",
  "Given back": "Zurückerstattet",
  "It is no amount.": "Das ist kein Betrag.",
  "Last {count} days, including API keys and cancelled generations. Days are in UTC.":
    "Letzte {count} Tage, mit API-Schlüsseln und abgebrochenen Generierungen. Tage in UTC.",
  "Pictures a day": "Bilder pro Tag",
  "Pictures that were not made": "Bilder, die nicht erstellt wurden",
  Receipt: "Beleg",
  "Refreshed.": "Wieder voll.",
  Remaining: "Übrig",
  "Thank you: your credit has arrived.": "Danke: das Guthaben ist da.",
  "Thank you. Your credit arrives when the payment does…": "Danke. Das Guthaben kommt mit der Zahlung…",
  "The reason is shown in the account's history.": "Der Grund steht im Verlauf des Kontos.",
  "Up to 4 pictures cost {amount}; larger ones, more of them or more steps cost more.":
    "Bis zu 4 Bilder kosten {amount}; größere, mehr Bilder oder mehr Schritte kosten mehr.",
  "Use by day": "Nutzung nach Tagen",
  What: "Was",
  "What is counted": "Was gezählt wird",
  "You are not logged in: this is counted by your address. Your pictures move to an account when you make one.":
    "Nicht angemeldet: gezählt wird nach Adresse. Mit einem Konto ziehen die Bilder dorthin um.",
  "You get all back {when}.": "Alles wieder verfügbar {when}.",
  "You get the next one back {when}.": "Die nächste wieder verfügbar {when}.",
};
