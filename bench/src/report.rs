//! Figures for people and for programs.

use crate::Args;
use crate::cases::Result;

/// Prints all results, with what Mainstay adds to the floor and how it stands to PocketBase.
pub fn print(results: &[Result], args: &Args) {
    if args.json {
        println!("{}", serde_json::to_string_pretty(results).unwrap_or_default());
        return;
    }
    println!(
        "| case | connections | subject | req/s | of floor | p50 ms | p99 ms | CPU us/req | over floor us | memory MB (peak) | errors |"
    );
    println!("|---|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|");
    for one in results {
        let floor = results.iter().find(|other| {
            other.subject == "floor"
                && other.case == one.case
                && other.connections == one.connections
        });
        let share = floor.map_or(String::new(), |floor| {
            format!("{:.2}", one.requests_per_second / floor.requests_per_second)
        });
        let over = floor.map_or(String::new(), |floor| {
            format!("{:+.1}", one.cpu_us_per_request - floor.cpu_us_per_request)
        });
        println!(
            "| {} | {} | {} | {:.0} | {share} | {:.2} | {:.2} | {:.1} | {over} | {:.0} ({:.0}) | {} |",
            one.case,
            one.connections,
            one.subject,
            one.requests_per_second,
            one.p50_ms,
            one.p99_ms,
            one.cpu_us_per_request,
            one.memory_mb,
            one.peak_memory_mb,
            one.errors
        );
    }
    println!();
    let mut seen: Vec<&str> = Vec::new();
    for one in results {
        if !seen.contains(&one.subject) {
            seen.push(one.subject);
            println!("{}: {}", one.subject, one.durability);
        }
    }
}
