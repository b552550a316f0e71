/** What the page says, in English. Text between two grave accents is code. */

const seconds = (n) => (n === 1 ? "1 second" : `${n} seconds`);
const minutes = (n) => (n < 90 ? seconds(n) : `${Math.round(n / 60)} minutes`);
const clock = (n) => `${Math.floor(n / 60)}:${String(n % 60).padStart(2, "0")}`;
const who = { tab1: "Tab 1", tab2: "Tab 2", thief: "The thief" };

export default {
  lanes: { tab1: "Tab 1", tab2: "Tab 2", server: "Server", thief: "Thief" },
  steps: ["Sign in", "Rotate", "Two tabs", "A thief", "Found"],
  step: (number, of) => `Step ${number} of ${of}`,

  picture: {
    scroll: "The picture. Time goes from left to right; scroll for what was before.",
    caption: "What has happened so far. Each arrow is a request that was sent, or its answer.",
    copies: "copies all that is kept",
    open: (n) => `window: ${n} s`,
    legend: { current: "current", used: "used before", dead: "ended", window: "the window" },
    summary({ app, thief, ending, moments }) {
      const count = moments.filter((moment) => moment.kind === "sent").length;
      if (!app) return "Nothing has happened yet.";
      const so = `${count === 1 ? "One request" : `${count} requests`} so far.`;
      if (ending) return `${so} The session has ended. The list below the picture says what happened.`;
      return `${so} The app holds g${app.generation}${thief ? `, the thief holds g${thief.generation}` : ""}. The list below the picture says what happened.`;
    },
  },

  bar({ says, generation, ended }) {
    return {
      current: [`g${generation} is current`, `g${generation}`],
      ended: [`the session has ended: ${ended}`, `ended: ${ended}`, "ended"],
      holds: [`holds g${generation}`, `g${generation}`],
      copy: [`a copy: g${generation}`, `g${generation}`],
      out: ["is signed out", "out"],
      nothing: ["has nothing left", "nothing"],
    }[says];
  },

  /** The rule by its name, and what that means, in a few words. */
  decided({ rule, status, reason, ended, generation }, { party, lost }) {
    const below = {
      sign_in: "a session begins",
      rotate: lost ? `g${generation} got lost` : party === "thief" ? "nobody can know yet" : `g${generation} is written`,
      debounce: "the same again",
      replay: `the same g${generation}`,
      late_retry: `the same g${generation}`,
      in_flight: `g${generation} is current`,
      stale: "nothing changes",
      reuse: `${status} ${reason}`,
      ended: `${status} ${reason}`,
      letter: "a letter is sent",
      refused: `${status} ${reason ?? ""}`,
      away: status ? `${status}` : "no answer",
      another: `another g${generation}!`,
    }[rule];
    return [{ sign_in: "sign-in", late_retry: "late retry", in_flight: "in flight", away: "not now" }[rule] ?? rule, below];
  },

  /** An answer, for the list and to be read out. */
  told({ party, verb, generation: had, lost }, { rule, status, reason, ended, generation }) {
    const name = who[party];
    return {
      sign_in: `${name} signed in: a session begins, and its first token is g${generation}.`,
      rotate: lost
        ? `${name} sent g${had}. The server went on to g${generation}, but the answer got lost on its way.`
        : `${name} traded g${had} for g${generation}. g${had} is used now.`,
      debounce: `${name} sent g${had}, which had only just come from a rotation: it got g${generation} again, and a fresh access token.`,
      replay: `${name} sent g${had}, which was used a moment ago. Inside the window it got the same g${generation} as before. There is one successor, not two.`,
      late_retry: `${name} sent g${had} after the window, with the retry key of its first attempt: it got the same g${generation}.`,
      in_flight: `${name} sent g${had}, and two rotations had happened since: it got the current token, g${generation}.`,
      stale: `${name} sent g${had} with its retry key, but too late to be given anything. Nothing has changed.`,
      reuse: `${name} sent g${had}, which somebody else had used. Two hold this session: the server ended it.`,
      ended: `${name} sent g${had} and was refused: the session has ended (${ended ?? "long ago"}).`,
      letter: "The server has written a letter with a link to the address.",
      refused: `${verb === "refresh" ? `${name} was refused` : "That was refused"}: ${status} ${reason ?? ""}.`,
      away: `${status ? `The server answered ${status}` : "No answer came"}. Nothing is lost: try again in a moment.`,
      another: `${name} sent g${had} and got another g${generation} than was seen before. This should not happen: please report it.`,
    }[rule];
  },

  moment: {
    joined: "The second tab is open and shares what the app keeps.",
    left: "The second tab is closed.",
    copied: (generation) => `The thief copied all that the app keeps: g${generation}, the device secret, the retry keys.`,
    closed: "The window has passed.",
  },

  register: {
    heading: "Make an account",
    lead: "This page plays an app that signs in at this server. Whatever it draws is a real request and the server's real answer; the account is an ordinary one, and you may keep it.",
    off: "Registration is off at this server. Sign in with an account of yours (`rotunda user add` makes one). Only the session of this page will be ended.",
    letter: "A letter with a link is on its way to this address. Follow the link, then sign in here. Where no mail server is configured, the letter lies in the folder that `rotunda serve` named when it started.",
    email: "Address",
    password: "Password",
    go: "Register",
    login: "Sign in",
    busy: "One moment: passwords are hashed slowly on purpose.",
  },

  rotate: {
    heading: "Watch tokens rotate",
    lead: "The app is signed in. It keeps a refresh token, good for one thing only: to get the next one, and a fresh access token with it. A browser app has it in a cookie that no script can read; this page plays a native app so that it can show it.",
    first: (after) => `An app refreshes by itself, here after ${minutes(after)}, long before the access token expires. You need not wait.`,
    open: (left, generation) => `For ${seconds(left)} more the window is open: what is sent now gets g${generation} again, and nothing is written. Try it. When the window has passed, the next refresh rotates.`,
    closed: (generation) => `The window has passed. The next refresh trades g${generation} for g${generation + 1}.`,
    lost: (generation) => `The server is at g${generation}, and the app does not know. Refresh again: the server finds that you are asking again, and gives the same g${generation}.`,
    refresh: "Refresh",
    lose: "Refresh, and lose the answer",
    itself: "Let it refresh by itself",
    next: "Go on: a second tab",
  },

  tabs: {
    heading: "Open a second tab",
    lead: "Tabs share one sign-in and refresh when they like. That two of them send the same token at once happens every day, and must not be taken for a theft.",
    alone: "Open the second tab, then come back to this one.",
    open: (left, generation) => `Both hold g${generation}. In ${seconds(left)} the window of the last rotation has passed; then it gets interesting.`,
    ready: (generation) => `Both hold g${generation}. Let both send it at the same moment.`,
    door: "Open the second tab",
    both: "Both refresh at once",
    refresh: "Tab 1 refreshes",
    next: "Go on: a thief",
  },

  thief: {
    heading: "A thief comes",
    lead: "Somebody gets hold of all that the app keeps: the refresh token, the device secret, the retry keys. From then on two have the same, and the server cannot see any difference between them.",
    copy: "Copy everything",
    app: "Tab 1 refreshes",
    thief: "The thief refreshes",
    next: {
      copy: "Be the thief: copy everything.",
      either: (generation) => `Both hold g${generation}. Let one of them refresh, whichever you like: only one can be the first.`,
      wait: (left) => `The server cannot know yet whether the other one is a thief or the same app asking again: for ${seconds(left)} more it gives the same token again. Wait.`,
      app: (generation) => `The thief went on. The app still holds g${generation} and does not know. Let it refresh.`,
      thief: (generation) => `The app went on. The thief's copy is the old g${generation}. Let the thief send it.`,
    },
    level: "Whoever follows inside the window gets the same token and is not noticed this time. It has to succeed each time; being late once is enough.",
  },

  found: {
    heading: "The theft is found",
    other: "The session has ended",
    lead: {
      app: "The app came with a token that somebody else had used. The server cannot know who of the two is the thief, so it ended this session. The user's other devices stay signed in.",
      thief: "The thief came with a token that the app had used. The server cannot know who of the two is the thief, so it ended this session. The user's other devices stay signed in.",
      otherwise: (ended) => `Not by reuse: ${ended}.`,
    },
    rest: { app: "The app does not know yet. Let it refresh.", thief: "The thief does not know yet. Let them try." },
    appTries: "Tab 1 refreshes",
    thiefTries: "The thief refreshes",
    user: "What the user sees",
    card: "You were signed out here",
    cardText: "Somebody had a copy of what keeps you signed in on this device. To be safe, that sign-in was ended. Please sign in again.",
    again: "Sign in again",
    letter: "The letter",
    letterText: (email) => `A letter is on its way to ${email}: what happened, when and from where, with a link “This was not me”. Where no mail server is configured, it lies in the folder that \`rotunda serve\` named when it started.`,
    operator: "What the operator sees",
    events: "What the user can look up",
    eventsLead: "From `GET /auth/events`, newest first; the account page shows the same.",
    noEvents: "The list could not be fetched just now.",
    account: "Open the account page, and sign in there with this address and password:",
    anew: "Begin anew",
  },

  second: {
    heading: "This is the second tab",
    lead: "It shares what the app keeps with the first tab, and draws the same picture. Refresh here, or go back to the first tab.",
    refresh: "Tab 2 refreshes",
    waiting: "Looking for the first tab.",
    full: "There is a second tab already. Two are enough for this story.",
    over: "The first tab is closed, and its story with it.",
    anew: "Begin anew",
  },

  holds: {
    heading: "Who holds what",
    app: "The app",
    thief: "The thief",
    refresh: "Refresh token",
    access: "Access token",
    device: "Device secret",
    keys: "Retry keys",
    good: (left) => (left > 0 ? `good for ${clock(left)}` : "expired"),
    dead: (left) => (left > 0 ? `refused here; whoever checks only the signature takes it for ${clock(left)} more` : "expired"),
    count: (n) => (n === 0 ? "none yet" : n === 1 ? "1, of the last attempt" : `${n}, of the last attempts`),
  },

  log: {
    heading: "What was sent and answered",
    noAnswer: "no answer",
  },

  endings: {
    logged_out: "it was signed out",
    logged_out_everywhere: "it was signed out everywhere",
    revoked_by_user: "it was ended from another device",
    revoked_by_admin: "an operator ended it",
    reused: "a used token came back",
    password_changed: "the password was changed",
    password_reset: "a new password was set",
    user_disabled: "the account was disabled",
    user_deleted: "the account was deleted",
    idle_expired: "it was not used for long",
    absolute_expired: "its time was up",
    evicted: "there were too many sessions",
    reported: "somebody said: this was not me",
    renewed: "a new one took its place",
    email_verified: "the address was verified",
  },

  events: {
    "user.registered": "The account was made",
    "user.signed_in": "Signed in",
    "user.sign_in_failed": "A sign-in failed",
    "session.ended": "A session ended",
  },
};
