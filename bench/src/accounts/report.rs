//! The figures of accounts, for people and for programs.

use super::Figures;

pub fn print(figures: &Figures, json: bool) {
    if json {
        println!("{}", serde_json::to_string_pretty(figures).unwrap_or_default());
        return;
    }
    println!("| case | connections | subject | req/s | p50 ms | p99 ms | CPU us/req | memory MB |");
    println!("|---|--:|---|--:|--:|--:|--:|--:|");
    for one in &figures.cases {
        println!(
            "| {} | {} | {} | {:.0} | {:.2} | {:.2} | {:.1} | {:.0} |",
            one.case,
            one.connections,
            one.subject,
            one.requests_per_second,
            one.p50_ms,
            one.p99_ms,
            one.cpu_us_per_request,
            one.memory_mb
        );
    }
    println!("\n| memory of mainstay | MB (peak) |\n|---|--:|");
    for one in &figures.memory {
        println!("| {} | {:.1} ({:.1}) |", one.when, one.memory_mb, one.peak_memory_mb);
    }
}
