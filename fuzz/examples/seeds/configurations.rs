//! Configurations that are accepted, and such that are refused.

use crate::Seeds;

pub(super) fn configurations() -> Seeds {
    let seed = |text: &str| text.as_bytes().to_vec();
    vec![
        ("empty", seed("")),
        (
            "public",
            seed(
                "[server]\nlisten = \"[::1]:9000\"\npublic_url = \"https://Auth.Example.com\"\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\napp_origins = [\"https://app.example.com\"]\n[cookies]\ndomain = \".example.com\"\nrefresh_path = \"/auth\"\n",
            ),
        ),
        (
            "lives",
            seed(
                "[tokens]\nissuer = \"https://issuer.example\"\naudience = \"api\"\nalgorithm = \"ES256\"\naccess_ttl = \"5m\"\n[refresh]\nwindow = \"0s\"\nlate_retry = \"device\"\nidle = \"2d\"\nabsolute = \"20d\"\n[sessions]\nkeep_ended = \"90d\"\n",
            ),
        ),
        (
            "clients",
            seed(
                "[clients.web]\nlate_retry = \"never\"\n[clients.kiosk-2]\nkind = \"native\"\nbind_address = \"network\"\nidle = \"1h30m\"\nabsolute = \"1h30m\"\n",
            ),
        ),
        (
            "places",
            seed(
                "keys.master_file = '/etc/master.key'\nstore.url = 'sqlite:users.db'\nlog = { level = \"debug\", format = \"json\" }\naccounts.registration = \"off\"\n",
            ),
        ),
        (
            "password",
            seed(
                "[password]\nmin_length = 16\nmemory_mib = 19\niterations = 2\nlanes = 1\nthreads = 2\nqueue = 0x10\n",
            ),
        ),
    ]
}

pub(super) fn refused_configurations() -> Seeds {
    let seed = |text: &str| text.as_bytes().to_vec();
    vec![
        ("wrong-names", seed("listen = \"1\"\n[serve]\n[log]\nlevl = \"info\"\n[clients]\nweb = 1\n")),
        (
            "wrong-values",
            seed(
                "[refresh]\nidle = 7\nwindow = \"61s\"\n[password]\nqueue = 1.5\n[server]\napp_origins = 3\npublic_url = \"http://auth.example.com\"\n",
            ),
        ),
        (
            "contradiction",
            seed("[refresh]\nidle = \"30d\"\nabsolute = \"20d\"\n[clients.app]\naccess_ttl = \"1d\"\n"),
        ),
        ("not-toml", seed("[server]\nlisten = \n")),
        ("twice", seed("[log]\nlevel = \"info\"\nlevel = \"warn\"\n")),
        ("multi-line", seed("[tokens]\r\nissuer = \"\"\"\\\r\n  a\"\"\"\r\naudience = '''b'''\r\n")),
        (
            "variables",
            seed(
                "[clients.my-app]\nkind = \"web\"\n\0ROTUNDA_SERVER__LISTEN=127.0.0.1:2\0ROTUNDA_CLIENTS__MY_APP__IDLE=1d\0ROTUNDA_CLIENTS__KIOSK__KIND=native\0ROTUNDA_PASSWORD__MIN_LENGTH=16",
            ),
        ),
        (
            "variables-wrong",
            seed(
                "\0ROTUNDA_SERVER_LISTEN=x\0ROTUNDA_SERVR__LISTEN=x\0ROTUNDA_CLIENTS__WEB__KIND=native\0ROTUNDA_=\0ROTUNDA___=\0PATH=/bin",
            ),
        ),
        (
            "variables-over-the-file",
            seed(
                "[clients.a-b]\nkind=\"web\"\n[clients.\"a.b\"]\nkind=\"web\"\n\0ROTUNDA_CLIENTS__A_B__IDLE=1d",
            ),
        ),
    ]
}
