use super::super::telemetry::{MetricsListen, TelemetrySettings};
use super::{bad, good};

fn read(text: &str) -> (TelemetrySettings, Vec<String>) {
    let loaded = good(text);
    (loaded.settings.telemetry, loaded.warnings)
}

#[test]
fn metrics_are_on_this_machine_unless_somebody_says_otherwise() {
    let usual = MetricsListen::IfFree("127.0.0.1:9464".parse().unwrap());
    let at = |address: &str| MetricsListen::At(address.parse().unwrap());
    for (text, metrics) in [
        ("", usual),
        ("[telemetry]\nmetrics_listen = \"off\"", MetricsListen::Off),
        ("[telemetry]\nmetrics_listen = \"127.0.0.1:9464\"", at("127.0.0.1:9464")),
        ("[telemetry]\nmetrics_listen = \"[::1]:1\"", at("[::1]:1")),
    ] {
        assert_eq!(read(text), (TelemetrySettings { metrics, log_requests: false }, Vec::new()), "{text}");
    }
    let (settings, warnings) = read("[log]\nrequests = true\n[telemetry]\nmetrics_listen = \"0.0.0.0:9464\"");
    assert_eq!(settings, TelemetrySettings { metrics: at("0.0.0.0:9464"), log_requests: true });
    assert!(warnings.len() == 1 && warnings[0].contains("reached from other machines"), "{warnings:?}");
}

#[test]
fn metrics_have_a_port_of_their_own_that_can_be_known() {
    for (text, why) in [
        ("[telemetry]\nmetrics_listen = \"9464\"", "and not \"off\""),
        ("[telemetry]\nmetrics_listen = \"127.0.0.1:0\"", "any port may come of port 0"),
        ("[telemetry]\nmetrics_listen = \"127.0.0.1:8080\"", "is where everybody is served"),
        ("[telemetry]\nmetric_listen = \"off\"", "did you mean \"metrics_listen\"?"),
        ("[telemtry]\nmetrics_listen = \"off\"", "did you mean \"telemetry\"?"),
    ] {
        assert!(bad(text).contains(why), "{text}: {}", bad(text));
    }
}
