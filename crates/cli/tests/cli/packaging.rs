//! What `packaging` ships, as far as it shows without a container engine, systemd, dpkg or a release build: its files say what
//! `docs/guide/install.md` promises, the binary reads its configurations, and the image's root is enough to serve from.
//!
//! The compose files and the unit are read line by line, so they keep to one form: a key a line, lists in brackets.

mod debian;
mod release;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use crate::support::{Place, rotunda};
use crate::walk::page;

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The user of the image.
const USER: u32 = 65_532;
const COMPOSE: [&str; 3] = ["single", "caddy", "postgres-redis"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// For how long a stop may take, in seconds: until proxies have noticed it, and until requests under way are done; then the last
/// counts are written and the last events chained, for which a database has a few seconds more.
fn stop() -> u64 {
    let code = page("crates/server/src/serve/mod.rs");
    let of = |name: &str| -> u64 {
        let (_, after) = code.split_once(&format!("const {name}: Duration = Duration::from_secs(")).unwrap();
        after.split(')').next().unwrap().parse().unwrap()
    };
    1 + of("PROXIES") + of("DRAIN") + 10
}

#[test]
fn whoever_is_told_how_long_to_wait_is_told_enough() {
    for (path, before) in [
        ("docs/guide/install.md", "Whoever stops it should wait "),
        ("packaging/Dockerfile", "stop it with a patience of "),
        ("packaging/Dockerfile", "--stop-timeout "),
    ] {
        let text = page(path);
        let (_, after) = text.split_once(before).unwrap();
        let said: String = after.chars().take_while(char::is_ascii_digit).collect();
        assert!(said.parse::<u64>().unwrap() >= stop(), "{path}: {before}{said}, and it may take {}", stop());
    }
}

/// `30s`, in seconds.
fn seconds(span: &str) -> u64 {
    span.strip_suffix('s').unwrap().parse().unwrap()
}

/// `checked` may take any more arguments and variables, and must find the configuration good.
fn is_good(checked: &mut Command) {
    let Output { status, stdout, stderr } = checked.args(["config", "check"]).output().unwrap();
    let (told, complaints) = (text(&stdout), text(&stderr));
    assert!(status.success() && told.starts_with("the configuration is good"), "{told}{complaints}");
    assert!(!told.contains("hunter2") && !complaints.contains("hunter2"), "{told}{complaints}");
}

#[test]
fn health_says_whether_the_server_on_this_machine_lives() {
    let place = Place::new("");
    let health = |more: &[&str]| place.run(&[&["health"][..], more].concat(), "");
    assert_eq!(health(&[]).status.code(), Some(1), "nobody is there yet");
    let server = place.serve();
    for more in [&[][..], &["--ready"]] {
        let output = health(more);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), "ok\n".to_owned()), "{output:?}");
    }
    assert_eq!(place.json(&["health"], "")["ok"], true);
    // What listens on all addresses is asked on this machine's own.
    let mut everywhere = place.command(&["health"]);
    everywhere.env("ROTUNDA_SERVER__LISTEN", format!("0.0.0.0:{}", place.port));
    assert!(everywhere.output().unwrap().status.success());
    server.kill();
    let away = health(&["--ready"]);
    assert_eq!(away.status.code(), Some(1));
    assert!(text(&away.stderr).contains("/readyz: "), "{away:?}");
}

#[test]
fn health_does_not_depend_on_the_way_that_browsers_come_by() {
    let place = Place::new("[server]\npublic_url = \"https://auth.example.com\"\n");
    let _server = place.serve();
    let output = place.run(&["health"], "");
    assert!(output.status.success(), "{output:?}");
}

/// The instructions of a Dockerfile, each with its arguments on one line.
fn instructions(dockerfile: &str) -> Vec<(String, String)> {
    let lines = dockerfile.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n");
    let joined = lines.replace("\\\n", " ");
    let split = |line: &str| {
        let (name, rest) = line.split_once(' ')?;
        Some((name.to_owned(), rest.trim().to_owned()))
    };
    joined.lines().filter_map(split).collect()
}

/// The arguments of each instruction of that name.
fn arguments<'a>(all: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    all.iter().filter(|(it, _)| it == name).map(|(_, rest)| rest.as_str()).collect()
}

/// An image that is named with more than a name, and not by a tag that means another one tomorrow.
fn is_pinned(image: &str) -> bool {
    let tag = image.rsplit('/').next().unwrap().split_once(':').map(|(_, tag)| tag);
    tag.is_some_and(|tag| !tag.is_empty() && !tag.starts_with("latest"))
}

#[test]
fn the_image_is_made_from_nothing_for_a_user_without_rights() {
    let all = instructions(&page("packaging/Dockerfile"));
    let of = |name| arguments(&all, name);
    assert_eq!(of("FROM"), ["${BUILDER} AS build", "scratch"]);
    let builder = of("ARG").into_iter().find_map(|it| it.strip_prefix("BUILDER=")).unwrap();
    assert!(is_pinned(builder), "{builder}");
    let needed = page("Cargo.toml");
    let (_, needed) = needed.split_once("rust-version = \"").unwrap();
    let needed = needed.split('"').next().unwrap();
    assert!(builder.ends_with(&format!("/rust:{needed}-bookworm")), "{builder} and {needed}");

    let last = all.iter().rposition(|(name, _)| name == "FROM").unwrap();
    assert!(!all[last..].iter().any(|(name, _)| name == "RUN"), "there is nothing in it to run");
    assert_eq!(of("USER"), [format!("{USER}:{USER}")]);
    assert_eq!(of("VOLUME"), [r#"["/var/lib/rotunda", "/var/lib/rotunda-keys"]"#]);
    assert_eq!(of("ENTRYPOINT"), [r#"["/usr/bin/rotunda"]"#]);
    assert_eq!(of("CMD"), [r#"["serve"]"#]);
    assert_eq!(of("STOPSIGNAL"), ["SIGTERM"]);
    let [health] = of("HEALTHCHECK")[..] else { panic!("{all:?}") };
    assert!(health.ends_with(r#"CMD ["/usr/bin/rotunda", "health"]"#), "{health}");
    for (variable, place) in
        [("ROTUNDA_CONFIG", "/etc/rotunda/rotunda.toml"), ("ROTUNDA_DATA", "/var/lib/rotunda")]
    {
        assert!(of("ENV")[0].contains(&format!("{variable}={place}")), "{all:?}");
    }
}

#[test]
fn everything_that_the_build_reads_goes_to_the_builder() {
    let ignored = page("packaging/Dockerfile.dockerignore");
    let lines: Vec<&str> = ignored.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines[0], "*", "what is not named stays here");
    for read in ["Cargo.toml", "Cargo.lock", "LICENSE-MIT", "LICENSE-APACHE", "bench", "crates", "fuzz"] {
        assert!(lines.contains(&&*format!("!{read}")), "{read}");
        assert!(root().join(read).exists(), "{read}");
    }
    assert!(lines.contains(&"!packaging/container"));
}

/// The services of a compose file: the lines of each, without their indentation below the name.
fn services(yaml: &str) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let (mut inside, mut name) = (false, String::new());
    for line in yaml.lines().filter(|line| !line.is_empty()) {
        if !line.starts_with([' ', '#']) {
            inside = line == "services:";
        } else if let Some(deeper) = line.strip_prefix("    ").filter(|_| inside) {
            found.entry(name.clone()).or_default().push(deeper.to_owned());
        } else if let Some(service) = line.strip_prefix("  ").and_then(|it| it.strip_suffix(':')) {
            name = service.to_owned();
        }
    }
    assert!(!found.is_empty(), "{yaml}");
    found
}

/// The value of a key of a service.
fn value<'a>(service: &'a [String], key: &str) -> Option<&'a str> {
    service.iter().find_map(|line| line.strip_prefix(&format!("{key}: ")))
}

#[test]
fn every_service_of_the_compose_files_is_hardened() {
    for file in COMPOSE {
        for (name, service) in services(&page(&format!("packaging/compose/{file}.yaml"))) {
            let about = format!("{file}.yaml: {name}: {service:#?}");
            for (key, wanted) in [
                ("read_only", "true"),
                ("cap_drop", "[ALL]"),
                ("security_opt", r#"["no-new-privileges:true"]"#),
                ("restart", "unless-stopped"),
            ] {
                assert_eq!(value(&service, key), Some(wanted), "{key}, {about}");
            }
            for key in ["mem_limit", "pids_limit", "stop_grace_period"] {
                assert!(value(&service, key).is_some(), "{key}, {about}");
            }
            for block in ["tmpfs:", "healthcheck:"] {
                assert!(service.iter().any(|line| line == block), "{block} {about}");
            }
            for wrong in ["privileged", "network_mode", "pid", "ipc", "devices"] {
                assert_eq!(value(&service, wrong), None, "{about}");
            }
            assert!(!service.iter().any(|line| line.contains("docker.sock")), "{about}");
            let image = value(&service, "image").unwrap();
            assert!(is_pinned(image), "{about}");
            // Caddy is root in its container, with the one capability that ports below 1024 take.
            let is_caddy = image.contains("/caddy:");
            assert_eq!(value(&service, "cap_add"), is_caddy.then_some("[NET_BIND_SERVICE]"), "{about}");
            let user = value(&service, "user");
            assert!(user.is_some_and(|user| !user.contains("\"0")) || is_caddy, "{about}");
            if image.starts_with("rotunda:") {
                assert_eq!(image, format!("rotunda:{VERSION}"), "{about}");
                assert_eq!(user, Some(&*format!("\"{USER}:{USER}\"")), "{about}");
                assert!(
                    service
                        .iter()
                        .any(|line| line.trim() == r#"test: ["CMD", "/usr/bin/rotunda", "health"]"#),
                    "{about}"
                );
                assert!(seconds(value(&service, "stop_grace_period").unwrap()) > stop(), "{about}");
            }
        }
    }
    assert!(page("packaging/compose/make-secrets").contains(&format!("\nimage=rotunda:{VERSION}\n")));
}

#[test]
fn only_caddy_and_this_machine_reach_what_the_compose_files_start() {
    for file in COMPOSE {
        let yaml = page(&format!("packaging/compose/{file}.yaml"));
        for (name, service) in services(&yaml) {
            let ports = service.iter().skip_while(|line| *line != "ports:").skip(1);
            let ports: Vec<&str> = ports.map_while(|line| line.strip_prefix("  - \"")).collect();
            assert!(name == "caddy" || ports.iter().all(|port| port.starts_with("127.0.0.1:")), "{ports:?}");
            assert!(!["postgres", "redis"].contains(&&*name) || ports.is_empty(), "{name}: {ports:?}");
        }
    }
    let two = page("packaging/compose/postgres-redis.yaml");
    assert!(two.contains("\n  stores:\n    internal: true\n"), "no TLS is spoken there");
    let services = services(&two);
    for store in ["postgres", "redis"] {
        assert_eq!(value(&services[store], "networks"), Some("[stores]"));
    }
    // Two that share a master key are the same but for the port.
    let one: Vec<&String> = services["one"].iter().filter(|line| !line.trim().starts_with('#')).collect();
    let other: Vec<&String> = services["two"].iter().filter(|line| !line.trim().starts_with('#')).collect();
    let differ: Vec<_> = one.iter().zip(&other).filter(|(one, other)| one != other).collect();
    assert_eq!((one.len(), differ.len()), (other.len(), 1), "{differ:?}");
}

/// The variables of a service, as compose would hand them on; also those that are there to be taken in, if so wished.
fn variables(service: &[String], place: &Place, with_mail: bool) -> Vec<(String, String)> {
    let given = |line: &String| {
        let line = line.strip_prefix("  ")?;
        let line = if with_mail { line.trim_start_matches('#') } else { line };
        let (name, value) = line.split_once(": ").filter(|(name, _)| name.starts_with("ROTUNDA_"))?;
        let value = value.trim_matches('"').replace("/run/secrets", place.dir.path().to_str().unwrap());
        let value = match value.split_once("${") {
            Some((before, variable)) if variable.starts_with("DOMAIN:?") => {
                format!("{before}auth.example.com")
            }
            Some((before, variable)) if variable.starts_with("PUBLIC_URL:?") => {
                format!("{before}https://auth.example.com")
            }
            Some(_) => panic!("{line}"),
            None => value,
        };
        let value = if with_mail && value == "off" { "verified".to_owned() } else { value };
        Some((name.to_owned(), value))
    };
    service.iter().filter_map(given).collect()
}

#[test]
fn what_the_compose_files_tell_the_server_is_read() {
    let place = Place::new("");
    for (secret, url) in [
        ("store-url", "postgres://rotunda:hunter2@postgres/rotunda?sslmode=disable\n"),
        ("sessions-url", "redis://:hunter2@redis\n"),
        ("mail-url", "smtps://rotunda:hunter2@mail.example.com\n"),
    ] {
        std::fs::write(place.path(secret), url).unwrap();
    }
    let mut checked = 0;
    for file in COMPOSE {
        for (_, service) in services(&page(&format!("packaging/compose/{file}.yaml"))) {
            for with_mail in [false, true] {
                let variables = variables(&service, &place, with_mail);
                if variables.is_empty() {
                    continue;
                }
                let mut check = rotunda();
                check.current_dir(place.dir.path()).env("ROTUNDA_DATA", "/var/lib/rotunda");
                check.arg("--config").arg(root().join("packaging/container/rotunda.toml")).envs(variables);
                is_good(&mut check);
                checked += 1;
            }
        }
    }
    assert_eq!(checked, 8, "four servers, with mail and without");
}

/// A server in its own root; killed when it goes out of scope.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Makes the root read-only but for the two folders, and becomes the server there.
const BECOME: &str = r#"
mount --bind "$1" "$1"
for folder in rotunda rotunda-keys; do
  mkdir "$1/var/lib/$folder"
  mount --bind "$2/$folder" "$1/var/lib/$folder"
done
mount -o remount,bind,ro "$1"
exec setpriv --no-new-privs /usr/sbin/chroot --userspec="$3:$3" --groups= "$1" /usr/bin/rotunda serve
"#;

/// As a container engine would do it, less the namespaces: what the image is made of, and nothing of this machine, serves.
#[test]
fn the_root_of_the_image_is_enough_to_serve_from() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("not run: changing the root takes root");
        return;
    }
    let place = Place::new("");
    let laid = place.path("laid");
    let lay = root().join("packaging/container/lay-root");
    let output = Command::new(lay).arg(env!("CARGO_BIN_EXE_rotunda")).arg(&laid).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let (image, state) = (laid.join("image"), laid.join("state"));
    let programs: Vec<_> =
        std::fs::read_dir(image.join("usr/bin")).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(programs, ["rotunda"]);
    assert!(!image.join("bin").exists());

    let variables = [
        ("ROTUNDA_CONFIG", "/etc/rotunda/rotunda.toml".to_owned()),
        ("ROTUNDA_DATA", "/var/lib/rotunda".to_owned()),
        ("ROTUNDA_SERVER__LISTEN", format!("127.0.0.1:{}", place.port)),
        ("ROTUNDA_SERVER__PUBLIC_URL", format!("http://localhost:{}", place.port)),
    ];
    let path = std::env::var("PATH").unwrap();
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "--", "bash", "-euc", BECOME, "bash"])
        .arg(&image)
        .arg(&state)
        .arg(USER.to_string());
    command.env_clear().env("PATH", &path).envs(variables.clone());
    let log = std::fs::File::create(place.path("server.log")).unwrap();
    let mut running = Running(command.stdout(Stdio::piped()).stderr(log).spawn().unwrap());
    let (mut banner, mut stdout) = (String::new(), BufReader::new(running.0.stdout.take().unwrap()));
    stdout.read_line(&mut banner).unwrap();
    assert!(banner.contains("is ready at"), "{banner:?}\n{}", place.read("server.log"));

    // The health check, as the image has it.
    let mut health = Command::new("/usr/sbin/chroot");
    health.arg(format!("--userspec={USER}:{USER}")).arg("--groups=").arg(&image);
    health.args(["/usr/bin/rotunda", "health"]).env_clear().envs(variables);
    let output = health.output().unwrap();
    assert!(output.status.success(), "{output:?}");

    let pid = running.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(running.0.wait().unwrap().code(), Some(0), "{}", place.read("server.log"));
    for made in ["rotunda/rotunda.db", "rotunda-keys/master.key"] {
        let about = std::fs::metadata(state.join(made)).unwrap();
        assert_eq!((about.uid(), about.mode() & 0o777), (USER, 0o600), "{made}");
    }
}
