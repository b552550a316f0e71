//! What is refused, in the words that the operator reads.

use super::*;

#[test]
fn what_is_wrong_is_told_with_its_line() {
    for (text, findings) in BAD {
        assert_eq!(bad(text), *findings, "of {text}");
    }
}

const BAD: &[(&str, &str)] = &[
    // Names.
    (
        "[refresh]\nwindw = \"10s\"",
        "rotunda.toml:2: unknown key \"windw\" in [refresh]; did you mean \"window\"?",
    ),
    ("\n\n[refesh]\n", "rotunda.toml:3: unknown section [refesh]; did you mean \"refresh\"?"),
    (
        "[clients.app]\nkind = \"web\"\nidel = \"1d\"",
        "rotunda.toml:3: unknown key \"idel\" in [clients.app]; did you mean \"idle\"?",
    ),
    (
        "[server]\nissuer = \"x\"",
        "rotunda.toml:2: unknown key \"issuer\" in [server]; it belongs in [tokens]",
    ),
    (
        "[store]\ncolour = 3",
        "rotunda.toml:2: unknown key \"colour\" in [store]; there are \"url\", \"url_file\", \"connections\", \"ca_file\"",
    ),
    (
        "listen = \"127.0.0.1:1\"",
        "rotunda.toml:1: \"listen\" stands outside of its section; write it below [server]",
    ),
    ("log = \"debug\"", "rotunda.toml:1: \"log\" is a section; write [log] and its keys below"),
    ("[clients]\nweb = 1", "rotunda.toml:2: \"web\" in [clients] is no client; write [clients.web]"),
    (
        "[server]\nlisten = ",
        "rotunda.toml:2: not TOML: string values must be quoted, expected literal string",
    ),
    ("[log]\nlevel = \"info\"\nlevel = \"warn\"", "rotunda.toml:3: not TOML: duplicate key"),
    // What comes before HTTP.
    (
        "[server]\nproxy_protocol = true",
        "rotunda.toml:2: [server] proxy_protocol: takes connections from trusted_proxies only, and there are none: name the \
         networks of the proxies there",
    ),
    (
        "[tls]\ncertificate_file = \"c\"",
        "rotunda.toml:2: [tls] certificate_file: is of no use without key_file; set both",
    ),
    (
        "[tls]\nkey_file = \"k\"",
        "rotunda.toml:2: [tls] key_file: is of no use without certificate_file; set both",
    ),
    (
        "[tls]\ncertificate_file = \"c\"\nkey_file = \"k\"\n[server]\npublic_url = \"http://localhost:8080\"",
        "rotunda.toml:2: [tls] certificate_file: with it, browsers call this server by https, and public_url is \
         \"http://localhost:8080\"; set that to what they call",
    ),
    // Forms.
    (
        "[refresh]\nidle = \"7 days\"",
        "rotunda.toml:2: [refresh] idle: \"7 days\" is not a duration, such as \"10s\", \"15m\", \"1h30m\" or \"7d\"",
    ),
    (
        "[refresh]\nidle = 7",
        "rotunda.toml:2: [refresh] idle: invalid type: integer `7`, expected a duration in quotes, such as \"10s\" or \"7d\"",
    ),
    ("[refresh]\nidle = \"0s\"", "rotunda.toml:2: [refresh] idle: \"0s\" is shorter than a second"),
    (
        "[refresh]\nabsolute = \"3651d\"",
        "rotunda.toml:2: [refresh] absolute: \"3651d\" is longer than 10 years",
    ),
    (
        "[refresh]\nwindow = \"61s\"",
        "rotunda.toml:2: [refresh] window: \"1m1s\" is longer than a window may be, which is \"1m\"",
    ),
    (
        "[refresh]\nlate_retry = \"devise\"",
        "rotunda.toml:2: [refresh] late_retry: \"devise\" is not a choice here; did you mean \"device\"?",
    ),
    (
        "[tokens]\nalgorithm = \"RS265\"",
        "rotunda.toml:2: [tokens] algorithm: \"RS265\" is not a choice here; did you mean \"RS256\"?",
    ),
    ("[keys]\nrotate_every = \"1h\"", "rotunda.toml:2: [keys] rotate_every: \"1h\" is shorter than a day"),
    (
        "[keys]\nrotate_every = \"never\"\npublish_ahead = \"10m\"",
        "rotunda.toml:3: [keys] publish_ahead: \"10m\" is not from \"15m\" to \"7d\"",
    ),
    (
        "[accounts]\nlink_life = \"9m\"\nreport_life = \"31d\"\nreauthenticate_within = \"59s\"",
        "rotunda.toml:2: [accounts] link_life: \"9m\" is not from \"10m\" to \"1h\"\n\
         rotunda.toml:3: [accounts] report_life: \"31d\" is not from \"1h\" to \"30d\"\n\
         rotunda.toml:4: [accounts] reauthenticate_within: \"59s\" is not from \"1m\" to \"1h\"",
    ),
    (
        "[accounts]\nlink_life = \"61m\"\nreport_life = \"59m\"\nreauthenticate_within = \"61m\"",
        "rotunda.toml:2: [accounts] link_life: \"1h1m\" is not from \"10m\" to \"1h\"\n\
         rotunda.toml:3: [accounts] report_life: \"59m\" is not from \"1h\" to \"30d\"\n\
         rotunda.toml:4: [accounts] reauthenticate_within: \"1h1m\" is not from \"1m\" to \"1h\"",
    ),
    (
        "[sessions]\nmax_per_user = 0",
        "rotunda.toml:2: [sessions] max_per_user: 0 is not a whole number from 1 to 10000",
    ),
    (
        "[sessions]\nwhen_full = \"refused\"",
        "rotunda.toml:2: [sessions] when_full: \"refused\" is not a choice here; did you mean \"refuse\"?",
    ),
    (
        "[clients.web]\nmax_per_user = 10001",
        "rotunda.toml:2: [clients.web] max_per_user: 10001 is not a whole number from 1 to 10000",
    ),
    (
        "[clients.web]\nwhen_full = \"evict_newest\"",
        "rotunda.toml:2: [clients.web] when_full: \"evict_newest\" is not a choice here; did you mean \"evict_oldest\"?",
    ),
    (
        "[log]\nlevel = \"loud\"",
        "rotunda.toml:2: [log] level: \"loud\" is not a choice here; there are \"error\", \"warn\", \"info\", \"debug\", \"trace\"",
    ),
    (
        "[password]\nmin_length = 7",
        "rotunda.toml:2: [password] min_length: 7 is not a whole number from 8 to 256",
    ),
    (
        "[password]\nbreached_list = \"\"",
        "rotunda.toml:2: [password] breached_list: is empty; give the path of a file",
    ),
    (
        "[password]\nbanned_words = [\"Wunderwerk\", \"AG\"]",
        "rotunda.toml:2: [password] banned_words: \"AG\" has fewer than 4 characters; words so short are in too many others to be refused",
    ),
    (
        "[password]\nbanned_words = \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
        "rotunda.toml:2: [password] banned_words: has a word of more than 64 characters; whole passwords belong into a breached_list",
    ),
    (
        "[password]\nqueue = 1.5",
        "rotunda.toml:2: [password] queue: invalid type: floating point `1.5`, expected a whole number from 1 to 65536",
    ),
    (
        "[server]\napp_origins = 3",
        "rotunda.toml:2: [server] app_origins: invalid type: integer `3`, expected a list of texts",
    ),
    (
        "[password]\niterations = 1\nmemory_mib = 19",
        "rotunda.toml:3: [password] memory_mib: 19 MiB with 1 iterations is too weak: take at least 46 MiB with 1, or 19 MiB with 2",
    ),
    // Limits.
    ("[limits]\nenabled = \"off\"", "rotunda.toml:2: [limits] enabled: \"off\" is neither true nor false"),
    (
        "[limits]\nenabled = 0",
        "rotunda.toml:2: [limits] enabled: invalid type: integer `0`, expected true or false",
    ),
    (
        "[limits]\nlogin_per_account = 10",
        "rotunda.toml:2: [limits] login_per_account: invalid type: integer `10`, expected a limit in quotes, such as \"10, 1/m\"",
    ),
    (
        "[limits]\nlogin_per_account = \"1/m\"",
        "rotunda.toml:2: [limits] login_per_account: \"1/m\" is not a limit, such as \"10, 1/m\": 10 at once, then 1 a minute (s, m or h)",
    ),
    (
        "[limits]\nlogin_per_account = \"10, 1/d\"",
        "rotunda.toml:2: [limits] login_per_account: \"10, 1/d\" is not a limit, such as \"10, 1/m\": 10 at once, then 1 a minute (s, m or h)",
    ),
    (
        "[limits]\nlogin_per_account = \"+10, 1/m\"",
        "rotunda.toml:2: [limits] login_per_account: \"+10, 1/m\" is not a limit, such as \"10, 1/m\": 10 at once, then 1 a minute (s, m or h)",
    ),
    (
        "[limits]\nlogin_per_account = \"0, 1/m\"",
        "rotunda.toml:2: [limits] login_per_account: 0 is not a whole number from 1 to 10000, as in \"10, 1/m\"",
    ),
    (
        "[limits]\nlogin_per_account = \"99999999999, 1/m\"",
        "rotunda.toml:2: [limits] login_per_account: 99999999999 is not a whole number from 1 to 10000, as in \"10, 1/m\"",
    ),
    (
        "[limits]\nlogin_per_account = \"10, 1001/s\"",
        "rotunda.toml:2: [limits] login_per_account: 1001 is not a whole number from 1 to 1000, as in \"10, 1/m\"",
    ),
    (
        "[limits]\nlogin_per_acount = \"10, 1/m\"",
        "rotunda.toml:2: unknown key \"login_per_acount\" in [limits]; did you mean \"login_per_account\"?",
    ),
    // Server.
    (
        "[server]\nlisten = \"localhost:80\"",
        "rotunda.toml:2: [server] listen: \"localhost:80\" is not an address with a port, such as \"127.0.0.1:8080\" or \"[::]:8080\"",
    ),
    (
        "[server]\npublic_url = \"auth.example.com\"",
        "rotunda.toml:2: [server] public_url: not a URL, such as https://auth.example.com: relative URL without a base",
    ),
    (
        "[server]\npublic_url = \"ftp://auth.example.com\"",
        "rotunda.toml:2: [server] public_url: begins with ftp:, but must begin with https: (or http: on localhost)",
    ),
    (
        "[server]\npublic_url = \"http://auth.example.com\"",
        "rotunda.toml:2: [server] public_url: is http with host \"auth.example.com\": cookies need https; only localhost may do without",
    ),
    (
        "[server]\npublic_url = \"https://auth.example.com/auth?x#y\"",
        "rotunda.toml:2: [server] public_url: has more than scheme, host and port; should it be \"https://auth.example.com\"?",
    ),
    (
        "[server]\npublic_url = \"https://ada:secret@auth.example.com\"",
        "rotunda.toml:2: [server] public_url: has a user name in it; leave that away",
    ),
    (
        "[server]\ntrusted_proxies = [\n\"10.0.0.0/8\", \"proxy\"]",
        "rotunda.toml:2: [server] trusted_proxies: \"proxy\" is not a network or an address, such as \"10.0.0.0/8\"",
    ),
    // Origins and cookies.
    (
        "[server]\npublic_url = \"https://auth.example.com\"\napp_origins = [\"https://example.org\"]",
        "rotunda.toml:3: [server] app_origins: \"https://example.org\" is another site than public_url, \"https://auth.example.com\": one belongs to \"example.org\" and the other to \"example.com\"; browsers would not send it its cookies (SameSite=Strict)",
    ),
    (
        "[server]\npublic_url = \"https://auth.example.com\"\napp_origins = [\"http://app.example.com\"]",
        "rotunda.toml:3: [server] app_origins: \"http://app.example.com\" is another site than public_url, \"https://auth.example.com\": one is http and the other https; browsers would not send it its cookies (SameSite=Strict)",
    ),
    (
        "[server]\npublic_url = \"https://me.github.io\"\napp_origins = [\"https://you.github.io\"]",
        "rotunda.toml:3: [server] app_origins: \"https://you.github.io\" is another site than public_url, \"https://me.github.io\": one belongs to \"you.github.io\" and the other to \"me.github.io\"; browsers would not send it its cookies (SameSite=Strict)",
    ),
    (
        "[server]\napp_origins = [\"https://app.example.com\"]",
        "rotunda.toml:2: [server] app_origins: \"https://app.example.com\" is another site than public_url, \"http://localhost:8080\": one is https and the other http; browsers would not send it its cookies (SameSite=Strict)",
    ),
    (
        "[server]\npublic_url = \"https://auth.example.com\"\napp_origins = [\"https://*.example.com\", \"null\"]",
        "rotunda.toml:3: [server] app_origins: \"https://*.example.com\" is not an origin, such as \"https://app.example.com\"\nrotunda.toml:3: [server] app_origins: \"null\" is not an origin, such as \"https://app.example.com\"",
    ),
    (
        "[server]\npublic_url = \"https://auth.example.com\"\n[cookies]\ndomain = \"example.org\"",
        "rotunda.toml:4: [cookies] domain: \"example.org\" does not cover \"auth.example.com\", the host of public_url",
    ),
    (
        "[server]\npublic_url = \"https://auth.example.co.uk\"\n[cookies]\ndomain = \"co.uk\"",
        "rotunda.toml:4: [cookies] domain: \"co.uk\" is a public suffix, under which others have their domains too",
    ),
    (
        "[cookies]\ndomain = \"localhost\"",
        "rotunda.toml:2: [cookies] domain: cookies of \"localhost\", the host of public_url, cannot have a domain",
    ),
    (
        "[cookies]\nrefresh_path = \"/api\"",
        "rotunda.toml:2: [cookies] refresh_path: \"/api\" does not cover \"/auth/refresh\"; \"/auth\" and \"/\" do",
    ),
    // Store and keys.
    (
        "[store]\nurl = \"mysql://ada:secret@db/rotunda\"",
        "rotunda.toml:2: [store] url: must be \"sqlite:PATH\" or \"postgres://USER:PASSWORD@HOST/DATABASE\"; there are no \
         other stores",
    ),
    ("[store]\nurl = \"sqlite:\"", "rotunda.toml:2: [store] url: has no path after \"sqlite:\""),
    (
        "[store]\nurl = \"sqlite::memory:\"",
        "rotunda.toml:2: [store] url: \":memory:\" would forget everybody at each start; give a file",
    ),
    ("[keys]\nmaster_file = \"\"", "rotunda.toml:2: [keys] master_file: is empty; give the path of a file"),
    ("[tokens]\nissuer = \"\"", "rotunda.toml:2: [tokens] issuer: \"\" is empty or has spaces in it"),
    // Clients.
    (
        "[clients.kiosk]\nidle = \"1d\"",
        "rotunda.toml:1: client \"kiosk\" has no kind; set it to \"web\", \"native\", \"confidential\" or \"service\"",
    ),
    (
        "[clients.web]\nkind = \"native\"",
        "rotunda.toml:2: [clients.web] kind: client \"web\" is always of kind \"web\"",
    ),
    (
        "[clients.bff]\nkind = \"confidentail\"",
        "rotunda.toml:2: [clients.bff] kind: \"confidentail\" is not a choice here; did you mean \"confidential\"?",
    ),
    (
        "[clients.\"a b\"]\nkind = \"web\"",
        "rotunda.toml:1: client \"a b\": a client's name is 1 to 64 letters, digits, \".\", \"_\" or \"-\"",
    ),
    // Contradictions.
    (
        "[clients.web]\nidle = \"15m\"\naccess_ttl = \"15m\"",
        "rotunda.toml:3: [clients.web] access_ttl: client \"web\" has access_ttl \"15m\" and idle \"15m\"; access_ttl must be shorter than idle",
    ),
    (
        "[clients.web]\nidle = \"31d\"",
        "rotunda.toml:2: [clients.web] idle: client \"web\" has idle \"31d\" and absolute \"30d\" (the default); idle must not be longer than absolute",
    ),
];

#[test]
fn all_findings_come_at_once_in_the_order_of_the_file() {
    let unknown_and_contradictory = "[log]\nlevle = \"info\"\n[refresh]\nidle = \"40d\"\nabsolute = \"50d\"\nwimdow = \"1s\"\n[clients.web]\nabsolute = \"39d\"\n[cookies]\ndomain = \"x.org\"";
    assert_eq!(
        bad(unknown_and_contradictory),
        "rotunda.toml:2: unknown key \"levle\" in [log]; did you mean \"level\"?\n\
         rotunda.toml:4: [refresh] idle: client \"web\" has idle \"40d\" and absolute \"39d\"; idle must not be longer than absolute\n\
         rotunda.toml:6: unknown key \"wimdow\" in [refresh]; did you mean \"window\"?\n\
         rotunda.toml:10: [cookies] domain: cookies of \"localhost\", the host of public_url, cannot have a domain"
    );
    let several_forms =
        "[password]\nqueue = 0\nlanes = \"x\"\n[refresh]\nidle = \"1 d\"\n[clients.web]\nkind = 3";
    let findings = bad(several_forms);
    let lines: Vec<&str> = findings.lines().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(lines, ["rotunda.toml:2", "rotunda.toml:3", "rotunda.toml:5", "rotunda.toml:7"]);
}

#[test]
fn secrets_are_not_in_messages() {
    for (text, findings) in BAD {
        assert!(!text.contains("secret") || !findings.contains("secret"), "{findings}");
    }
    assert_eq!(
        bad("[store]\nurl = \"postgres://ada:secret@db"),
        "rotunda.toml:2: not TOML: invalid basic string, expected `\"`"
    );
}

#[test]
fn wrong_variables_are_refused_by_their_name() {
    let table: [(&[(&str, &str)], &str); 9] = [
        (
            &[("ROTUNDA_REFRESH__WINDW", "1s")],
            "ROTUNDA_REFRESH__WINDW: no key has this name; did you mean \"ROTUNDA_REFRESH__WINDOW\"?",
        ),
        (
            &[("ROTUNDA_REFESH__WINDOW", "1s")],
            "ROTUNDA_REFESH__WINDOW: no key has this name; did you mean \"ROTUNDA_REFRESH__WINDOW\"?",
        ),
        (
            &[("ROTUNDA_CLIENTS__KIOSK__IDEL", "1d")],
            "ROTUNDA_CLIENTS__KIOSK__IDEL: no key has this name; did you mean \"ROTUNDA_CLIENTS__KIOSK__IDLE\"?",
        ),
        (
            &[("ROTUNDA_CLIENTS__IDLE", "1d")],
            "ROTUNDA_CLIENTS__IDLE: no key has this name; did you mean \"ROTUNDA_CLIENTS__WEB__IDLE\"?",
        ),
        (
            &[("ROTUNDA_REFRESH__IDLE", "long")],
            "ROTUNDA_REFRESH__IDLE: \"long\" is not a duration, such as \"10s\", \"15m\", \"1h30m\" or \"7d\"",
        ),
        (
            &[("ROTUNDA_PASSWORD__QUEUE", "many")],
            "ROTUNDA_PASSWORD__QUEUE: \"many\" is not a whole number from 1 to 65536",
        ),
        (
            &[("ROTUNDA_CLIENTS__KIOSK__IDLE", "1d")],
            "ROTUNDA_CLIENTS__KIOSK__IDLE: client \"kiosk\" has no kind; set it to \"web\", \"native\", \"confidential\" or \"service\"",
        ),
        (
            &[("ROTUNDA_TOKENS__ISSUER", "a"), ("ROTUNDA_TOKENS__ISSUER_FILE", "/x")],
            "ROTUNDA_TOKENS__ISSUER_FILE: /x cannot be read: No such file or directory (os error 2)",
        ),
        (
            &[("ROTUNDA_COOKIES__DOMAIN", "x.org")],
            "ROTUNDA_COOKIES__DOMAIN: cookies of \"localhost\", the host of public_url, cannot have a domain",
        ),
    ];
    for (environment, finding) in table {
        assert_eq!(bad_env(environment), finding);
    }
    let flag = Overrides { public_url: Some("http://x.org".to_owned()), ..Overrides::default() };
    assert_eq!(
        with("", &[], flag).unwrap_err().to_string(),
        "--public-url: is http with host \"x.org\": cookies need https; only localhost may do without"
    );
    let ambiguous = "[clients.a-b]\nkind = \"web\"\n[clients.\"a.b\"]\nkind = \"web\"";
    assert_eq!(
        with(ambiguous, &[("ROTUNDA_CLIENTS__A_B__IDLE", "1d")], Overrides::default())
            .unwrap_err()
            .to_string(),
        "ROTUNDA_CLIENTS__A_B__IDLE: may mean client \"a-b\" or \"a.b\"; set it in the file instead"
    );
}
