use decklift::event::Event;
use decklift::report::frame::{Style, View, frame};
use insta::assert_snapshot;

use crate::events::{self, Story};

const PLAIN: Style = Style { color: false, ascii: false };

/// The drawing at a time, its right edge marked.
fn draw(story: &Story, seconds: f64, width: usize) -> String {
    draw_as(story, seconds, View { width, height: None, style: PLAIN })
}

fn draw_as(story: &Story, seconds: f64, view: View) -> String {
    let (state, now) = story.state(seconds);
    let lines = frame(&state, now, view);
    if let Some(height) = view.height {
        assert!(lines.len() <= height, "{} lines in {height} rows", lines.len());
    }
    for line in &lines {
        let columns = console::measure_text_width(line);
        assert!(columns <= view.width, "{columns} columns in {}: {line}", view.width);
    }
    lines.join("\n")
}

#[test]
fn images_are_built_and_uploaded() {
    let shop = events::shop();
    assert_snapshot!("building_80", draw(&shop, 4.5, 80));
    assert_snapshot!("uploading_80", draw(&shop, 8.0, 80));
    assert_snapshot!("uploading_200", draw(&shop, 8.0, 200));
    assert_snapshot!("uploading_40", draw(&shop, 8.0, 40));
}

#[test]
fn services_roll() {
    let shop = events::shop();
    assert_snapshot!("rolling_80", draw(&shop, 60.0, 80));
    assert_snapshot!("rolling_100", draw(&shop, 60.0, 100));
    assert_snapshot!("rolling_200", draw(&shop, 60.0, 200));
    assert_snapshot!("rolling_40", draw(&shop, 60.0, 40));
}

#[test]
fn a_terminal_without_utf_8_gets_ascii() {
    let style = Style { color: false, ascii: true };
    let view = View { width: 80, height: None, style };
    let drawn = draw_as(&events::shop(), 60.0, view);
    assert!(drawn.is_ascii());
    assert_snapshot!("rolling_80_ascii", drawn);
    assert!(draw_as(&events::shop(), 4.5, view).is_ascii());
    assert!(draw_as(&events::shop_rolled_back(), 92.0, view).is_ascii());
}

#[test]
fn colour_adds_nothing_to_what_is_said() {
    for (story, seconds) in [
        (events::shop(), 8.0),
        (events::shop(), 60.0),
        (events::shop_rolled_back(), 92.0),
        (events::job(3), 20.0),
    ] {
        for width in [40, 80, 200] {
            let style = Style { color: true, ascii: false };
            let colored = draw_as(&story, seconds, View { width, height: None, style });
            assert!(colored.contains("\u{1b}[36m█") || !colored.contains('█'));
            let bare = console::strip_ansi_codes(&colored);
            assert_eq!(bare, draw(&story, seconds, width));
        }
    }
}

#[test]
fn everything_is_done() {
    let done = events::shop_done();
    assert_snapshot!("done_80", draw(&done, 72.0, 80));
    assert_snapshot!("done_200", draw(&done, 72.0, 200));
    // Nothing moves once it is over.
    assert_eq!(draw(&done, 72.0, 80), draw(&done, 500.0, 80));
}

#[test]
fn a_service_fails_and_is_rolled_back() {
    let story = events::shop_rolled_back();
    assert_snapshot!("rolled_back_80", draw(&story, 92.0, 80));
    assert_snapshot!("rolled_back_200", draw(&story, 92.0, 200));
    assert_snapshot!("rolled_back_40", draw(&story, 92.0, 40));
}

#[test]
fn somebody_interrupts() {
    let story = events::shop_interrupted();
    assert_snapshot!("stopping_80", draw(&story, 45.5, 80));
    assert_snapshot!("stopping_40", draw(&story, 45.5, 40));
    assert_snapshot!("interrupted_80", draw(&story, 46.0, 80));
}

#[test]
fn a_job_logs_and_others_wait_for_it() {
    assert_snapshot!("job_starts_80", draw(&events::job(0), 2.0, 80));
    assert_snapshot!("job_running_80", draw(&events::job(0), 15.0, 80));
    assert_snapshot!("job_running_200", draw(&events::job(0), 15.0, 200));
    assert_snapshot!("job_done_80", draw(&events::job(0), 21.0, 80));
    assert_snapshot!("job_failed_80", draw(&events::job(3), 20.0, 80));
}

#[test]
fn targets_that_are_unwell_are_told_until_they_are_well() {
    let targets = |targets| Event::Targets { service: "web".to_owned(), targets };
    let mut well = events::unhealthy("10.0.1.17:80");
    well.state = "healthy".to_owned();
    let story = events::shop()
        .at(
            41.0,
            targets(vec![events::unhealthy("10.0.1.17:80"), events::unhealthy("10.0.2.9:80")]),
        )
        .at(50.0, targets(vec![well]));
    let said = "target 10.0.1.17:80 is unhealthy: Health checks failed with these codes: [500], and 1 more";
    assert!(draw(&story, 45.0, 200).contains(&format!("! {said}")));
    assert!(!draw(&story, 51.0, 200).contains("! target"));
}

#[test]
fn a_failure_without_a_row_has_a_line() {
    let (story, step) = events::shop().begin(9.5, "create", "role/web");
    let error = "failed to call iam:CreateRole: not authorized\n(request 1f)";
    let story = story.end(9.6, step, "create", "role/web", Err(error));
    let drawn = draw(&story, 9.6, 100);
    assert!(drawn.contains("✗ create role web: failed to call iam:CreateRole"), "{drawn}");
}

#[test]
fn more_services_than_rows() {
    let crowd = events::crowd(30);
    let at = |height| View { width: 80, height: Some(height), style: PLAIN };
    assert_snapshot!("thirty_in_20_rows", draw_as(&crowd, 30.0, at(20)));
    for height in 1..60 {
        draw_as(&crowd, 30.0, at(height));
        draw_as(&events::shop(), 8.0, at(height));
        draw_as(&events::shop_rolled_back(), 92.0, at(height));
    }
}

#[test]
fn three_hundred_services() {
    let crowd = events::crowd(300);
    let view = View { width: 120, height: Some(50), style: PLAIN };
    let drawn = draw_as(&crowd, 30.0, view);
    // All that matter are there, and every other is counted.
    assert!(drawn.contains("service-09 ") && drawn.contains("service-16 "), "{drawn}");
    let last = drawn.lines().last().unwrap_or_default();
    let shown = drawn.lines().filter(|line| line.trim_start().starts_with("service-")).count();
    assert!(last.contains(&format!("… and {} more (9 done, ", 300 - shown)), "{last}");
}

#[test]
fn every_width_is_kept() {
    let stories = [events::shop(), events::shop_rolled_back(), events::job(3), events::crowd(30)];
    for story in &stories {
        for width in 1..210 {
            for seconds in [0.0, 1.2, 4.5, 8.0, 12.0, 60.0, 100.0] {
                draw(story, seconds, width);
            }
        }
    }
}

#[test]
fn names_and_lines_of_any_script_are_measured() {
    let wide = "商店".repeat(40);
    let mut failure = events::failure();
    failure.log = vec![format!("{wide}\u{1b}[2J\u{7}")];
    let failed = Event::TaskFailed { service: "migrate".to_owned(), failure };
    let story = events::job(0).at(12.0, failed);
    for width in [40, 41, 80] {
        let drawn = draw(&story, 15.0, width);
        assert!(drawn.contains("│ 商店商店") && !drawn.contains(['\u{1b}', '\u{7}']), "{drawn}");
    }
}

#[test]
fn a_command_without_rows_names_what_it_does() {
    let started = Event::Started {
        command: "down".to_owned(),
        stack: "shop".to_owned(),
        region: "eu-west-1".to_owned(),
        services: 4,
        steps: 37,
        environment: None,
        rows: Vec::new(),
        images: Vec::new(),
    };
    let story = Story::default().at(0.0, started).done(1.0, "delete", "listener/8080");
    let (story, _) = story.begin(1.0, "delete", "load-balancer/alb");
    let (story, _) = story.begin(1.0, "delete", "service/web");
    assert_snapshot!(draw(&story, 3.0, 80), @r"
    decklift down  shop · eu-west-1 · 4 services                                  3s

      resources  1 of 37   deleted listener 8080   2 in flight: load balancer alb, …
    ");
}
