//! Telemetry as a layer sees it: declared events and measures in, lines and scrapes out.
//! The parsers are not ours: `serde_json` for the log, `prometheus-parse` for the metrics.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use mainstay_base::{Clock, Instant};
use mainstay_telemetry::{
    Audience, Capture, Format, Level, Output, Settings, Telemetry, catalogue, measure,
};
use serde_json::{Value, json};

mainstay_telemetry::events! {
    ASKED = Info "test.asked" ["path", "status", "cached", "user_id"], "Somebody asked.";
    NOTED = Debug "test.noted" ["path"], "Somebody looked closely.";
}

mainstay_telemetry::measures! {
    ASKS = Counter "test_asks_total" requests ["route"], "How often somebody asked.";
    DEPTH = Gauge "test_queue_depth" requests [], "How many wait.";
    WAIT = Histogram(measure::SECONDS) "test_wait_seconds" seconds ["module"], "How long it took.";
}

const PATIENCE: Duration = Duration::from_secs(10);

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Instant {
        1_706_696_430_123_456
    }
}

fn captured(format: Format) -> (Telemetry, Capture) {
    let capture = Capture::default();
    let settings = Settings { format, output: capture.output(), ..Settings::default() };
    (Telemetry::start(settings, Arc::new(Fixed)).unwrap(), capture)
}

#[test]
fn a_line_is_one_json_object_with_typed_fields() {
    let (telemetry, capture) = captured(Format::Json);
    let line = telemetry.log.line(&ASKED).text("path", "/a \"b\"").number("status", 200);
    line.flag("cached", true).maybe("user_id", None).send();
    assert!(telemetry.log.flush(PATIENCE));
    let text = capture.text();
    assert_eq!(
        serde_json::from_str::<Value>(text.trim_end()).unwrap(),
        json!({"time": "2024-01-31T10:20:30.123456Z", "level": "info", "event": "test.asked",
               "path": "/a \"b\"", "status": 200, "cached": true}),
        "{text}"
    );
}

#[test]
fn a_pretty_line_is_for_people_and_has_no_colour_off_a_terminal() {
    let (telemetry, capture) = captured(Format::Pretty);
    telemetry.log.line(&ASKED).text("path", "/a b").number("status", 200).send();
    assert!(telemetry.log.flush(PATIENCE));
    assert_eq!(capture.text(), "10:20:30.123  INFO test.asked path=\"/a b\" status=200\n");
}

#[test]
fn no_value_can_forge_a_line_in_either_format() {
    let nasty = "x\r\n{\"event\":\"forged\"}\u{1b}[2J\u{202e}\u{2028}\u{0}\u{85}";
    for format in [Format::Json, Format::Pretty] {
        let (telemetry, capture) = captured(format);
        telemetry.log.line(&ASKED).text("path", nasty).display("user_id", nasty).send();
        assert!(telemetry.log.flush(PATIENCE));
        let text = capture.text();
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.trim_end_matches('\n').bytes().all(|byte| (0x20..0x7f).contains(&byte)));
        if format == Format::Json {
            let line: Value = serde_json::from_str(&text).unwrap();
            assert_eq!((&line["path"], &line["user_id"]), (&json!(nasty), &json!(nasty)));
        }
    }
}

#[test]
fn events_below_the_level_are_not_written() {
    let (telemetry, capture) = captured(Format::Json);
    telemetry.log.line(&NOTED).text("path", "/").send();
    telemetry.log.line_at(Level::Error, &NOTED).text("path", "/loud").send();
    assert!(telemetry.log.flush(PATIENCE));
    let text = capture.text();
    assert_eq!(text.lines().count(), 1);
    assert!(text.contains("\"level\":\"error\"") && text.contains("/loud"));
}

/// An output that stands still until it is let go.
struct Stuck {
    release: mpsc::Receiver<()>,
    reached: Arc<AtomicBool>,
    capture: Capture,
}

impl Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.reached.store(true, Ordering::SeqCst);
        let _ = self.release.recv();
        self.capture.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_queue_drops_and_counts_and_says_so_and_never_blocks() {
    let (release, wait) = mpsc::channel();
    let (capture, reached) = (Capture::default(), Arc::new(AtomicBool::new(false)));
    let stuck = Stuck { release: wait, reached: Arc::clone(&reached), capture: capture.clone() };
    let settings = Settings {
        format: Format::Json,
        output: Output::Writer(Box::new(stuck)),
        queue_lines: 16,
        ..Settings::default()
    };
    let telemetry = Telemetry::start(settings, Arc::new(Fixed)).unwrap();
    telemetry.log.line(&ASKED).send();
    while !reached.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_millis(1));
    }
    for _ in 0..100 {
        telemetry.log.line(&ASKED).send();
    }
    assert_eq!(telemetry.log.dropped(), 84);
    assert!(!telemetry.log.flush(Duration::from_millis(10)), "the deadline of a flush holds");
    drop(release);
    assert!(telemetry.log.flush(PATIENCE));
    let text = capture.text();
    assert_eq!(text.matches("test.asked").count(), 17);
    assert!(text.contains("\"event\":\"log.dropped\",\"lines\":84"), "{text}");
    assert!(telemetry.registry.text().contains("log_lines_dropped_total 84"));
}

#[test]
fn a_scrape_is_read_by_a_parser_that_is_not_ours() {
    let (telemetry, _) = captured(Format::Json);
    let registry = &telemetry.registry;
    registry.counter(&ASKS, &["/livez"]).add(3);
    registry.counter(&ASKS, &["/livez"]).increment();
    registry.counter(&ASKS, &["a \"quoted\\\n label"]).increment();
    registry.gauge(&DEPTH, &[]).set(-2);
    registry.histogram(&WAIT, &["shop"]).observe(0.3);
    registry.histogram(&WAIT, &["shop"]).observe_duration(Duration::from_secs(60));
    let answer = telemetry.answer(Audience::Operator, "/metrics", None).unwrap();
    let text = String::from_utf8(answer.body).unwrap();
    let lines = text.lines().map(|line| Ok(line.to_owned()));
    let scrape = prometheus_parse::Scrape::parse(lines).unwrap();
    let value = |name: &str, label: Option<(&str, &str)>| {
        let found = scrape.samples.iter().find(|sample| {
            sample.metric == name
                && label.is_none_or(|(key, value)| sample.labels.get(key) == Some(value))
        });
        found.unwrap_or_else(|| panic!("{name} is missing in\n{text}")).value.clone()
    };
    use prometheus_parse::Value::{Gauge, Histogram, Untyped};
    assert_eq!(value("test_asks_total", Some(("route", "/livez"))), Untyped(4.0));
    assert_eq!(value("test_queue_depth", None), Gauge(-2.0));
    assert!(matches!(value("test_wait_seconds", Some(("module", "shop"))),
        Histogram(buckets) if buckets.len() == 17 && buckets[16].count == 2.0));
    for name in ["process_resident_memory_bytes", "process_open_fds", "process_start_time_seconds"]
    {
        assert!(matches!(value(name, None), Gauge(value) if value > 0.0), "{name}");
    }
    assert!(matches!(value("process_cpu_seconds_total", None), Untyped(_)));
    assert!(text.contains(r#"route="a \"quoted\\\n label""#), "{text}");
}

#[test]
fn probes_tell_the_public_whether_and_the_operator_why() {
    let (telemetry, _) = captured(Format::Json);
    let ask = |audience, path, query| {
        let answer = telemetry.answer(audience, path, query).unwrap();
        (answer.status, String::from_utf8(answer.body).unwrap())
    };
    assert_eq!(ask(Audience::Public, "/readyz", None), (200, "ok\n".to_owned()));
    telemetry.health.check("store", || Err("disk of shop.db is gone".to_owned()));
    assert_eq!(ask(Audience::Public, "/livez", None).0, 200);
    assert_eq!(ask(Audience::Public, "/healthz", None), (503, "not ready\n".to_owned()));
    assert_eq!(
        ask(Audience::Public, "/readyz", Some("verbose")),
        (503, "[+] accepting ok\n[-] store failed\nnot ready\n".to_owned())
    );
    assert_eq!(
        ask(Audience::Operator, "/readyz", Some("verbose")).1,
        "[+] accepting ok\n[-] store failed: disk of shop.db is gone\nnot ready\n"
    );
    telemetry.health.check("store", || Ok(()));
    assert_eq!(ask(Audience::Public, "/readyz", None).0, 200);
    telemetry.health.drain();
    assert_eq!(ask(Audience::Public, "/readyz", None).0, 503);
    assert!(telemetry.answer(Audience::Public, "/metrics", None).is_none());
}

#[test]
fn the_catalogue_lists_every_event_and_measure_once() {
    let page = catalogue::markdown(&[EVENTS], &[MEASURES]);
    assert!(
        page.contains("| `test.asked` | info | `path`, `status`, `cached`, `user_id` | Somebody")
    );
    assert!(page.contains("| `test_wait_seconds` | histogram | seconds | `module` | How long"));
    assert!(catalogue::mistakes(&[EVENTS], &[MEASURES]).is_empty());
    assert_eq!(catalogue::mistakes(&[EVENTS, EVENTS], &[]).len(), 2);
}
