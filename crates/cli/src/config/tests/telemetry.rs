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
        let expected = TelemetrySettings { metrics, log_requests: false, otlp: None };
        assert_eq!(read(text), (expected, Vec::new()), "{text}");
    }
    let (settings, warnings) = read("[log]\nrequests = true\n[telemetry]\nmetrics_listen = \"0.0.0.0:9464\"");
    let expected = TelemetrySettings { metrics: at("0.0.0.0:9464"), log_requests: true, otlp: None };
    assert_eq!(settings, expected);
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

#[test]
fn a_part_is_a_number_from_none_to_all() {
    for ratio in ["0", "1", "0.25", "1.0", "\"0.5\""] {
        // Good in every build, and of no use without an endpoint.
        let (settings, warnings) = read(&format!("[telemetry]\notlp_sample_ratio = {ratio}"));
        assert_eq!(settings.otlp, None, "{ratio}");
        assert!(warnings.len() == 1 && warnings[0].contains("rotunda.toml:2"), "{warnings:?}");
    }
    for ratio in ["2", "-1", "1.01", "nan", "inf", "\"half\"", "\"NaN\"", "true"] {
        let told = bad(&format!("[telemetry]\notlp_sample_ratio = {ratio}"));
        assert!(told.contains("a number from 0 to 1"), "{ratio}: {told}");
    }
}

#[cfg(not(feature = "opentelemetry"))]
#[test]
fn traces_are_refused_by_a_build_that_has_none() {
    let told = bad("[telemetry]\notlp_endpoint = \"http://127.0.0.1:4318\"");
    assert!(told.contains("rotunda.toml:2") && told.contains("--features opentelemetry"), "{told}");
}

#[cfg(feature = "opentelemetry")]
#[test]
fn traces_go_to_a_collector_that_is_named_by_its_base() {
    let of = |text: &str| read(&format!("[telemetry]\notlp_endpoint = {text:?}")).0.otlp.unwrap();
    let otlp = of("http://127.0.0.1:4318");
    assert_eq!((otlp.endpoint.as_str(), otlp.sample_ratio), ("http://127.0.0.1:4318/", 1.0));
    assert_eq!(of("https://collector.example/tenant/").endpoint.path(), "/tenant/");
    for (text, warned) in [
        ("http://localhost:4318", false),
        ("http://[::1]:4318", false),
        ("https://collector.example", false),
        ("http://collector.example:4318", true),
        ("http://192.0.2.7:4318", true),
    ] {
        let warnings = read(&format!("[telemetry]\notlp_endpoint = {text:?}")).1;
        assert_eq!(warnings.iter().any(|it| it.contains("unencrypted")), warned, "{text}: {warnings:?}");
    }
    for (text, why) in [
        ("127.0.0.1:4318", "base URL of a collector"),
        ("https://key:hunter@collector:43l8", "base URL of a collector"),
        ("grpc://127.0.0.1:4317", "neither http:// nor https://"),
        ("https://key:hunter@collector.example", "more in it"),
        ("https://collector.example/?key=hunter", "more in it"),
        ("https://collector.example/v1/traces/", "leave it away"),
    ] {
        let told = bad(&format!("[telemetry]\notlp_endpoint = {text:?}"));
        assert!(told.contains(why) && !told.contains("hunter"), "{text}: {told}");
    }
}
