/** What the page says, in German. Text between two grave accents is code. */

const seconds = (n) => (n === 1 ? "1 Sekunde" : `${n} Sekunden`);
const minutes = (n) => (n < 90 ? seconds(n) : `${Math.round(n / 60)} Minuten`);
const clock = (n) => `${Math.floor(n / 60)}:${String(n % 60).padStart(2, "0")}`;
const who = { tab1: "Tab 1", tab2: "Tab 2", thief: "Der Dieb" };

export default {
  lanes: { tab1: "Tab 1", tab2: "Tab 2", server: "Server", thief: "Dieb" },
  steps: ["Anmelden", "Rotieren", "Zwei Tabs", "Ein Dieb", "Entdeckt"],
  step: (number, of) => `Schritt ${number} von ${of}`,

  picture: {
    scroll: "Das Bild. Die Zeit läuft von links nach rechts; was früher war, ist weiter links.",
    caption: "Was bisher geschah. Jeder Pfeil ist eine Anfrage, die gesendet wurde, oder ihre Antwort.",
    copies: "kopiert alles, was da ist",
    open: (n) => `Fenster: ${n} s`,
    legend: { current: "aktuell", used: "schon benutzt", dead: "beendet", window: "das Fenster" },
    summary({ app, thief, ending, moments }) {
      const count = moments.filter((moment) => moment.kind === "sent").length;
      if (!app) return "Noch ist nichts geschehen.";
      const so = `Bisher ${count === 1 ? "eine Anfrage" : `${count} Anfragen`}.`;
      if (ending) return `${so} Die Sitzung ist beendet. Die Liste unter dem Bild sagt, was geschah.`;
      return `${so} Die App hat g${app.generation}${thief ? `, der Dieb hat g${thief.generation}` : ""}. Die Liste unter dem Bild sagt, was geschah.`;
    },
  },

  bar({ says, generation, ended }) {
    return {
      current: [`g${generation} ist aktuell`, `g${generation}`],
      ended: [`die Sitzung ist beendet: ${ended}`, `beendet: ${ended}`, "beendet"],
      holds: [`hat g${generation}`, `g${generation}`],
      copy: [`eine Kopie: g${generation}`, `g${generation}`],
      out: ["ist abgemeldet", "aus"],
      nothing: ["hat nichts mehr", "nichts"],
    }[says];
  },

  /** The rule by its name, and what that means, in a few words. */
  decided({ rule, status, reason, generation }, { party, lost }) {
    const below = {
      sign_in: "die Sitzung beginnt",
      rotate: lost ? `g${generation} ging verloren` : party === "thief" ? "noch weiß es niemand" : `g${generation} ist da`,
      debounce: "dasselbe noch mal",
      replay: `dasselbe g${generation}`,
      late_retry: `dasselbe g${generation}`,
      in_flight: `g${generation} ist aktuell`,
      stale: "nichts ändert sich",
      reuse: `${status} ${reason}`,
      ended: `${status} ${reason}`,
      letter: "eine E-Mail geht ab",
      refused: `${status} ${reason ?? ""}`,
      away: status ? `${status}` : "keine Antwort",
      another: `ein anderes g${generation}!`,
    }[rule];
    return [{ sign_in: "sign-in", late_retry: "late retry", in_flight: "in flight", away: "not now" }[rule] ?? rule, below];
  },

  /** An answer, for the list and to be read out. */
  told({ party, verb, generation: had, lost }, { rule, status, reason, ended, generation }) {
    const name = who[party];
    return {
      sign_in: `${name} hat sich angemeldet: eine Sitzung beginnt, ihr erstes Token ist g${generation}.`,
      rotate: lost
        ? `${name} hat g${had} gesendet. Der Server ist zu g${generation} weitergegangen, aber die Antwort ging unterwegs verloren.`
        : `${name} hat g${had} gegen g${generation} getauscht. g${had} ist jetzt benutzt.`,
      debounce: `${name} hat g${had} gesendet, das eben erst durch eine Rotation entstanden ist: zurück kam noch einmal g${generation}, und ein frisches Zugriffstoken.`,
      replay: `${name} hat g${had} gesendet, das vor einem Moment schon benutzt wurde. Im Fenster kam dasselbe g${generation} wie vorher. Es gibt einen Nachfolger, nicht zwei.`,
      late_retry: `${name} hat g${had} nach dem Fenster gesendet, mit dem Wiederholungsschlüssel des ersten Versuchs: zurück kam dasselbe g${generation}.`,
      in_flight: `${name} hat g${had} gesendet, und seither gab es zwei Rotationen: zurück kam das aktuelle Token, g${generation}.`,
      stale: `${name} hat g${had} mit seinem Wiederholungsschlüssel gesendet, aber zu spät, um noch etwas zu bekommen. Nichts hat sich geändert.`,
      reuse: `${name} hat g${had} gesendet, das jemand anders schon benutzt hatte. Zwei haben diese Sitzung: der Server hat sie beendet.`,
      ended: `${name} hat g${had} gesendet und wurde abgewiesen: die Sitzung ist beendet (${ended ?? "vor langer Zeit"}).`,
      letter: "Der Server hat eine E-Mail mit einem Link an die Adresse geschrieben.",
      refused: `${verb === "refresh" ? `${name} wurde abgewiesen` : "Das wurde abgewiesen"}: ${status} ${reason ?? ""}.`,
      away: `${status ? `Der Server antwortete ${status}` : "Es kam keine Antwort"}. Nichts ist verloren: gleich noch einmal versuchen.`,
      another: `${name} hat g${had} gesendet und ein anderes g${generation} bekommen als vorher. Das sollte nie geschehen: bitte melden.`,
    }[rule];
  },

  moment: {
    joined: "Der zweite Tab ist offen und teilt, was die App aufbewahrt.",
    left: "Der zweite Tab ist geschlossen.",
    copied: (generation) => `Der Dieb hat alles kopiert, was die App aufbewahrt: g${generation}, das Gerätegeheimnis, die Wiederholungsschlüssel.`,
    closed: "Das Fenster ist vorbei.",
  },

  register: {
    heading: "Ein Konto anlegen",
    lead: "Diese Seite spielt eine App, die sich an diesem Server anmeldet. Alles, was sie zeichnet, ist eine echte Anfrage und die echte Antwort des Servers; das Konto ist ein gewöhnliches, und Sie dürfen es behalten.",
    off: "An diesem Server kann man sich nicht registrieren. Melden Sie sich mit einem Ihrer Konten an (`rotunda user add` legt eines an). Beendet wird nur die Sitzung dieser Seite.",
    letter: "Eine E-Mail mit einem Link ist unterwegs an diese Adresse. Folgen Sie dem Link, dann melden Sie sich hier an. Wo kein Mailserver eingerichtet ist, liegt sie in dem Ordner, den `rotunda serve` beim Start genannt hat.",
    email: "Adresse",
    password: "Passwort",
    go: "Registrieren",
    login: "Anmelden",
    busy: "Einen Moment: Passwörter werden mit Absicht langsam gehasht.",
  },

  rotate: {
    heading: "Zusehen, wie Tokens rotieren",
    lead: "Die App ist angemeldet. Sie bewahrt ein Refresh-Token auf, das nur zu einem gut ist: das nächste zu bekommen, und mit ihm ein frisches Zugriffstoken. Eine App im Browser hat es in einem Cookie, das kein Skript lesen kann; diese Seite spielt eine native App, damit sie es zeigen kann.",
    first: (after) => `Eine App erneuert von selbst, hier nach ${minutes(after)}, lange bevor das Zugriffstoken abläuft. Sie brauchen nicht zu warten.`,
    open: (left, generation) => `Noch ${seconds(left)} ist das Fenster offen: was jetzt gesendet wird, bekommt noch einmal g${generation}, und nichts wird geschrieben. Probieren Sie es. Ist das Fenster vorbei, rotiert die nächste Erneuerung.`,
    closed: (generation) => `Das Fenster ist vorbei. Die nächste Erneuerung tauscht g${generation} gegen g${generation + 1}.`,
    lost: (generation) => `Der Server ist bei g${generation}, und die App weiß es nicht. Erneuern Sie noch einmal: der Server merkt, dass Sie erneut fragen, und gibt dasselbe g${generation}.`,
    refresh: "Erneuern",
    lose: "Erneuern, und die Antwort verlieren",
    itself: "Von selbst erneuern lassen",
    next: "Weiter: ein zweiter Tab",
  },

  tabs: {
    heading: "Einen zweiten Tab öffnen",
    lead: "Tabs teilen eine Anmeldung und erneuern, wann sie wollen. Dass zwei zugleich dasselbe Token senden, geschieht jeden Tag und darf nicht für einen Diebstahl gehalten werden.",
    alone: "Öffnen Sie den zweiten Tab, dann kommen Sie zu diesem zurück.",
    open: (left, generation) => `Beide haben g${generation}. In ${seconds(left)} ist das Fenster der letzten Rotation vorbei; dann wird es spannend.`,
    ready: (generation) => `Beide haben g${generation}. Lassen Sie es beide im selben Moment senden.`,
    door: "Den zweiten Tab öffnen",
    both: "Beide erneuern zugleich",
    refresh: "Tab 1 erneuert",
    next: "Weiter: ein Dieb",
  },

  thief: {
    heading: "Ein Dieb kommt",
    lead: "Jemand gelangt an alles, was die App aufbewahrt: das Refresh-Token, das Gerätegeheimnis, die Wiederholungsschlüssel. Von da an haben zwei dasselbe, und der Server kann keinen Unterschied zwischen ihnen sehen.",
    copy: "Alles kopieren",
    app: "Tab 1 erneuert",
    thief: "Der Dieb erneuert",
    next: {
      copy: "Seien Sie der Dieb: kopieren Sie alles.",
      either: (generation) => `Beide haben g${generation}. Lassen Sie einen erneuern, gleich welchen: nur einer kann der Erste sein.`,
      wait: (left) => `Noch kann der Server nicht wissen, ob der andere ein Dieb ist oder dieselbe App, die noch einmal fragt: noch ${seconds(left)} gibt er dasselbe Token wieder. Warten Sie.`,
      app: (generation) => `Der Dieb ist weitergegangen. Die App hat noch g${generation} und weiß es nicht. Lassen Sie sie erneuern.`,
      thief: (generation) => `Die App ist weitergegangen. Die Kopie des Diebs ist das alte g${generation}. Lassen Sie den Dieb es senden.`,
    },
    level: "Wer im Fenster nachkommt, bekommt dasselbe Token und fällt diesmal nicht auf. Das muss jedes Mal gelingen; einmal zu spät genügt.",
  },

  found: {
    heading: "Der Diebstahl ist entdeckt",
    other: "Die Sitzung ist beendet",
    lead: {
      app: "Die App kam mit einem Token, das jemand anders schon benutzt hatte. Der Server kann nicht wissen, wer von beiden der Dieb ist, und hat diese Sitzung beendet. Andere Geräte desselben Kontos bleiben angemeldet.",
      thief: "Der Dieb kam mit einem Token, das die App schon benutzt hatte. Der Server kann nicht wissen, wer von beiden der Dieb ist, und hat diese Sitzung beendet. Andere Geräte desselben Kontos bleiben angemeldet.",
      otherwise: (ended) => `Nicht durch ein benutztes Token: ${ended}.`,
    },
    rest: { app: "Die App weiß es noch nicht. Lassen Sie sie erneuern.", thief: "Der Dieb weiß es noch nicht. Lassen Sie ihn es versuchen." },
    appTries: "Tab 1 erneuert",
    thiefTries: "Der Dieb erneuert",
    user: "Was die App zeigt",
    card: "Sie wurden hier abgemeldet",
    cardText: "Jemand hatte eine Kopie dessen, was Sie auf diesem Gerät angemeldet hält. Zur Sicherheit wurde diese Anmeldung beendet. Bitte melden Sie sich wieder an.",
    again: "Wieder anmelden",
    letter: "Die E-Mail",
    letterText: (email) => `Eine E-Mail ist unterwegs an ${email}: was geschah, wann und von wo, mit einem Link für alle, die sagen: das war ich nicht. Wo kein Mailserver eingerichtet ist, liegt sie in dem Ordner, den \`rotunda serve\` beim Start genannt hat.`,
    operator: "Was der Betreiber sieht",
    events: "Was sich nachsehen lässt",
    eventsLead: "Aus `GET /auth/events`, das Neueste zuerst; die Kontoseite zeigt dasselbe.",
    noEvents: "Die Liste war gerade nicht zu bekommen.",
    account: "Die Kontoseite öffnen und sich dort mit dieser Adresse und diesem Passwort anmelden:",
    anew: "Von vorn beginnen",
  },

  second: {
    heading: "Dies ist der zweite Tab",
    lead: "Er teilt mit dem ersten, was die App aufbewahrt, und zeichnet dasselbe Bild. Erneuern Sie hier, oder gehen Sie zum ersten Tab zurück.",
    refresh: "Tab 2 erneuert",
    waiting: "Der erste Tab wird gesucht.",
    full: "Einen zweiten Tab gibt es schon. Zwei genügen für diese Geschichte.",
    over: "Der erste Tab ist geschlossen, und mit ihm seine Geschichte.",
    anew: "Von vorn beginnen",
  },

  holds: {
    heading: "Wer was hat",
    app: "Die App",
    thief: "Der Dieb",
    refresh: "Refresh-Token",
    access: "Zugriffstoken",
    device: "Gerätegeheimnis",
    keys: "Wiederholungsschlüssel",
    good: (left) => (left > 0 ? `gut für ${clock(left)}` : "abgelaufen"),
    dead: (left) => (left > 0 ? `hier abgewiesen; wer nur die Signatur prüft, nimmt es noch ${clock(left)}` : "abgelaufen"),
    count: (n) => (n === 0 ? "noch keiner" : n === 1 ? "1, vom letzten Versuch" : `${n}, von den letzten Versuchen`),
  },

  log: {
    heading: "Was gesendet und geantwortet wurde",
    noAnswer: "keine Antwort",
  },

  endings: {
    logged_out: "sie wurde abgemeldet",
    logged_out_everywhere: "überall wurde abgemeldet",
    revoked_by_user: "sie wurde von einem anderen Gerät aus beendet",
    revoked_by_admin: "ein Betreiber hat sie beendet",
    reused: "ein benutztes Token kam zurück",
    password_changed: "das Passwort wurde geändert",
    password_reset: "ein neues Passwort wurde gesetzt",
    user_disabled: "das Konto wurde gesperrt",
    user_deleted: "das Konto wurde gelöscht",
    idle_expired: "sie wurde lange nicht benutzt",
    absolute_expired: "ihre Zeit war um",
    evicted: "es gab zu viele Sitzungen",
    reported: "jemand meldete: das war ich nicht",
    renewed: "eine neue trat an ihre Stelle",
    email_verified: "die Adresse wurde bestätigt",
  },

  events: {
    "user.registered": "Das Konto wurde angelegt",
    "user.signed_in": "Angemeldet",
    "user.sign_in_failed": "Eine Anmeldung misslang",
    "session.ended": "Eine Sitzung endete",
  },
};
