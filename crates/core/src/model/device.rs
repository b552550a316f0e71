//! Who is calling, as far as a request shows it, and how a device is called in a list.

use std::net::IpAddr;

use super::{Actor, DeviceHash, DeviceId, UnixMillis, UserId};

/// Where a request came from. For people to read and for `bind_address`; never used to recognise a device,
/// because a server-rendered page refreshes from its server.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Caller {
    /// The client's address, from the socket or from a trusted proxy.
    pub address: Option<IpAddr>,
    /// The `User-Agent` header, cut to [`Caller::USER_AGENT_CHARS`].
    pub user_agent: Option<String>,
    /// Who asked, where it was not the user whom it is about.
    pub actor: Option<Actor>,
    /// Why they did, in their own words: at most [`Caller::REASON_CHARS`] characters.
    pub reason: Option<String>,
}

impl Caller {
    /// How many characters a reason may have.
    pub const REASON_CHARS: usize = 256;
    /// How much of a user agent is kept.
    pub const USER_AGENT_CHARS: usize = 256;

    /// From what the edge saw; control characters are dropped and the user agent is cut.
    #[must_use]
    pub fn new(address: Option<IpAddr>, user_agent: Option<&str>) -> Self {
        let clean =
            |text: &str| text.chars().filter(|c| !c.is_control()).take(Self::USER_AGENT_CHARS).collect();
        // An IPv4 client on a dual-stack socket is the same client: one form, so that comparing addresses works.
        Self {
            actor: None,
            reason: None,
            address: address.map(|a| a.to_canonical()),
            user_agent: user_agent.map(clean),
        }
    }
}

impl Caller {
    /// The same without a user agent that is not a browser's: of a browser's only the names of browser and system are shown, of
    /// any other its own words are.
    #[must_use]
    pub fn without_own_words(self) -> Self {
        let is_browser = |agent: &String| BROWSERS.iter().any(|(mark, _)| agent.contains(mark));
        Self { user_agent: self.user_agent.filter(is_browser), ..self }
    }
}

/// A device that a user has signed in on: remembered across sign-ins by the secret in its cookie or its storage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Device {
    /// Its id; the same device has another one for another user.
    pub id: DeviceId,
    /// Whose it is.
    pub user_id: UserId,
    /// What the server keeps of its secret.
    pub hash: DeviceHash,
    /// When a session first began on it.
    pub first_seen_at: UnixMillis,
    /// When a session last began on it.
    pub last_seen_at: UnixMillis,
    /// From where that was.
    pub caller: Caller,
}

impl Device {
    /// How many devices of a user are remembered.
    pub const MOST: u32 = 50;
}

/// What browsers say in their user agent, and what people call them.
const BROWSERS: [(&str, &str); 8] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// What a user agent says of the device behind it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeviceName {
    /// The browser, or whatever other program it is; at most 32 characters of its own words.
    pub program: String,
    /// The system that it runs on.
    pub system: Option<&'static str>,
}

/// What a user agent says of the device behind it; `None` where there is none.
///
/// The order of the rules matters: Edge and Opera call themselves Chrome, Chrome calls itself Safari.
#[must_use]
pub fn device_name(user_agent: Option<&str>) -> Option<DeviceName> {
    const SYSTEMS: [(&str, &str); 7] = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];
    let agent = user_agent.map(str::trim).filter(|a| !a.is_empty())?;
    let find =
        |rules: &[(&str, &'static str)]| rules.iter().find(|(mark, _)| agent.contains(mark)).map(|r| r.1);
    // "curl/8.5.0", "okhttp/4.12.0", "MyApp/2.1 (iPhone)": the first product names the program.
    let product = || agent.split(['/', ' ']).next().unwrap_or_default().chars().take(32).collect();
    let program = find(&BROWSERS).map_or_else(product, str::to_owned);
    Some(DeviceName { program, system: find(&SYSTEMS) })
}

/// A short name for a device, such as "Firefox on Linux": what a user recognises in "your devices".
#[must_use]
pub fn device_label(user_agent: Option<&str>) -> String {
    match device_name(user_agent) {
        None => "Unknown device".to_owned(),
        Some(DeviceName { program, system: None }) => program,
        Some(DeviceName { program, system: Some(system) }) => format!("{program} on {system}"),
    }
}
