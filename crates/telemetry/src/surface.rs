//! What probes and scrapers get: `/livez`, `/readyz`, `/healthz`, `/metrics`, as plain values.
//! It opens no socket; `edge` puts the answers on the operator's address and, in part, the public.

use crate::Telemetry;
use crate::health::Finding;

/// Who asks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Audience {
    /// Anybody: health only, and no reasons, for they tell of our inside.
    Public,
    /// Whoever can reach the operator's address.
    Operator,
}

/// An answer to a probe.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub content_type: &'static str,
    pub body: Vec<u8>,
    /// The path as a label of metrics.
    pub route: &'static str,
}

/// Paths that are answered to anybody.
pub const PUBLIC: [&str; 3] = ["/livez", "/readyz", "/healthz"];

const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

impl Telemetry {
    /// The answer for a path, or none where telemetry has nothing to say.
    #[must_use]
    pub fn answer(&self, audience: Audience, path: &str, query: Option<&str>) -> Option<Answer> {
        if let Some(route) = PUBLIC.into_iter().find(|known| *known == path) {
            return Some(match route {
                "/livez" => text(route, 200, "ok\n".to_owned()),
                _ => self.readiness(route, audience, query),
            });
        }
        match (path, audience) {
            ("/metrics", Audience::Operator) => Some(Answer {
                status: 200,
                content_type: OPEN_METRICS,
                body: self.registry.text().into_bytes(),
                route: "/metrics",
            }),
            (path, Audience::Operator) => self.pages.at(path).map(|(route, page)| Answer {
                status: 200,
                content_type: HTML,
                body: page.into_bytes(),
                route,
            }),
            (_, Audience::Public) => None,
        }
    }

    fn readiness(&self, route: &'static str, audience: Audience, query: Option<&str>) -> Answer {
        let verbose = query.is_some_and(|query| {
            query.split('&').any(|part| part == "verbose" || part.starts_with("verbose="))
        });
        if !verbose {
            let (status, word) =
                if self.health.is_ready() { (200, "ok\n") } else { (503, "not ready\n") };
            return text(route, status, word.to_owned());
        }
        let findings = self.health.findings();
        let ready = findings.iter().all(|finding| finding.problem.is_none());
        let mut body: String =
            findings.iter().map(|finding| finding_line(finding, audience)).collect();
        body.push_str(if ready { "ready\n" } else { "not ready\n" });
        text(route, if ready { 200 } else { 503 }, body)
    }
}

fn finding_line(finding: &Finding, audience: Audience) -> String {
    match &finding.problem {
        None => format!("[+] {} ok\n", finding.name),
        Some(_) if audience == Audience::Public => format!("[-] {} failed\n", finding.name),
        Some(problem) => {
            let problem = problem.replace(char::is_control, " ");
            format!("[-] {} failed: {problem}\n", finding.name)
        }
    }
}

fn text(route: &'static str, status: u16, body: String) -> Answer {
    Answer { status, content_type: TEXT, body: body.into_bytes(), route }
}
