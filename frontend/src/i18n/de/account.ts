import type { Translation } from "../catalogue";
import type { account as English } from "../en/account";

export const account: Translation<typeof English> = {
  "{name}: copy your key now": "{name}: Schlüssel jetzt kopieren",
  "acts for end users: separate limits and history for each X-End-User":
    "handelt für Endnutzer: eigene Limits und eigener Verlauf je X-End-User",
  "Already have an account?": "Schon ein Konto?",
  "At least {count} characters. A few words work well.": "Mindestens {count} Zeichen. Ein paar Wörter eignen sich gut.",
  "Change password": "Passwort ändern",
  "Copy the command": "Befehl kopieren",
  "Copy the key": "Schlüssel kopieren",
  "Create key": "Schlüssel erstellen",
  "Current password": "Aktuelles Passwort",
  "Delete for good": "Endgültig löschen",
  "Delete the account": "Konto löschen",
  "Delete the account?": "Konto löschen?",
  "Delete the account…": "Konto löschen…",
  "expired {date}": "abgelaufen am {date}",
  Expires: "Läuft ab",
  "expires {date}": "läuft ab am {date}",
  "Forgot your password? Ask the operator for a reset link.":
    "Passwort vergessen? Der Betreiber kann einen Link zum Zurücksetzen ausstellen.",
  "Front end": "Frontend",
  "I have copied it": "Ich habe ihn kopiert",
  "In 30 days": "In 30 Tagen",
  "In 90 days": "In 90 Tagen",
  "In a year": "In einem Jahr",
  Invitation: "Einladung",
  "Its pictures, history and keys are deleted with it. This cannot be undone.":
    "Bilder, Verlauf und Schlüssel werden mit gelöscht. Das lässt sich nicht rückgängig machen.",
  "Key “{name}” revoked.": "Schlüssel „{name}“ widerrufen.",
  "last used {when}": "zuletzt benutzt {when}",
  "made {when}": "erstellt {when}",
  "makes, marks and deletes pictures": "erstellt, markiert und löscht Bilder",
  "may do what operators may": "darf alles, was Betreiber dürfen",
  Never: "Nie",
  "never expires": "läuft nie ab",
  "never used": "nie benutzt",
  "New key": "Neuer Schlüssel",
  "No account yet?": "Noch kein Konto?",
  Password: "Passwort",
  "Password changed": "Passwort geändert",
  "Password changed. Other devices are logged out; API keys still work.":
    "Passwort geändert. Andere Geräte sind abgemeldet; API-Schlüssel gelten weiter.",
  Permissions: "Berechtigungen",
  "Pictures from this browser will move to your account.": "Bilder aus diesem Browser ziehen ins Konto um.",
  "Programs that use it are refused from now on. What was made with it stays in your history.":
    "Programme, die ihn verwenden, werden ab sofort abgewiesen. Was damit erstellt wurde, bleibt im Verlauf.",
  "reads jobs, pictures, history and usage": "liest Aufträge, Bilder, Verlauf und Nutzung",
  "Registration is closed. Ask the operator for an account.":
    "Die Registrierung ist geschlossen. Der Betreiber kann ein Konto anlegen.",
  Revoke: "Widerrufen",
  "Revoke {name}": "{name} widerrufen",
  "Revoke {name}?": "{name} widerrufen?",
  "Revoke the key": "Schlüssel widerrufen",
  "Set a new password": "Neues Passwort setzen",
  "Set the password": "Passwort setzen",
  "The account was made on {date}.": "Das Konto besteht seit {date}.",
  "The code that the operator gave you.": "Der Code vom Betreiber.",
  "The link works once.": "Der Link gilt einmal.",
  "This e-mail has an account already, with another password. Log in, or ask the operator for a link that sets a new one.":
    "Zu dieser E-Mail gibt es schon ein Konto, mit einem anderen Passwort. Bitte anmelden oder den Betreiber um einen Link für ein neues Passwort bitten.",
  "This link is incomplete. Ask the operator for a reset link.":
    "Dieser Link ist unvollständig. Der Betreiber kann einen neuen ausstellen.",
  "Use API keys to make pictures from your own programs.": "Mit API-Schlüsseln erstellen eigene Programme Bilder.",
  "With its pictures, history and keys, for good. Jobs that are being made stop.":
    "Mit Bildern, Verlauf und Schlüsseln, endgültig. Laufende Aufträge enden.",
  "You are logged in as {email}, an operator.": "Angemeldet als {email}, ein Betreiber.",
  "You are logged in as {email}.": "Angemeldet als {email}.",
  "You have been logged out everywhere.": "Alle Geräte sind abgemeldet.",
  "You have no keys.": "Noch keine Schlüssel.",
  "You log in with it. We never send mail.": "Zum Anmelden. Wir senden nie E-Mails.",
  "You won't see it again.": "Er wird nicht noch einmal gezeigt.",
  "Your account is ready. Pictures from this browser are in it.":
    "Das Konto ist bereit. Die Bilder aus diesem Browser sind darin.",
  "Your keys": "Schlüsselliste",
};
