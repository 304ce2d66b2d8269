//! Charts and reports: what they say, that they can be read, and that no name in a trace gets into them unescaped.

use std::path::{Path, PathBuf};
use std::process::Command;

const CHARTS: [&str; 8] = [
    "idle-waterfall",
    "ledger-over-time",
    "waiting-and-free",
    "queue-time-cdf",
    "queue-time-by-size",
    "utilization-by-node",
    "jobs-by-node",
    "gpus-by-tenant",
];

/// Two jobs that fill two nodes of two GPUs, a third that waits for them, and one that fails.
const SMALL: &str = "job_id,submit_s,duration_s,gpus,tenant,state\n\
                     a,0,10,3,red,finished\nb,2,10,2,blue,finished\nc,4,6,4,red,finished\nd,5,3,1,blue,failed\n";

fn fleetsim(args: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_fleetsim")).args(args).output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program prints UTF-8");
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("reports").join(name);
    drop(std::fs::remove_dir_all(&path));
    std::fs::create_dir_all(&path).expect("it can be made");
    path
}

fn text(path: &Path) -> &str {
    path.to_str().expect("test paths are UTF-8")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The run folder of a trace on nodes of two GPUs, with charts and report; and what the run printed.
fn run_named(name: &str, title: &str, trace: &str, nodes: u32) -> (PathBuf, String) {
    let folder = folder(name);
    std::fs::write(folder.join("t.csv"), trace).expect("it can be written");
    let scenario = format!(
        "name = {title:?}\n[cluster.pools.a]\ngpu = \"h100-sxm\"\nnodes = {nodes}\ngpus_per_node = 2\n\
         price = \"$2.50/gpu-h\"\n[workload]\ntrace = \"t.csv\"\n[policy.fifo]\n"
    );
    std::fs::write(folder.join("s.toml"), scenario).expect("it can be written");
    let out = folder.join("run");
    let (code, printed, err) = fleetsim(&["run", text(&folder.join("s.toml")), "--out", text(&out)]);
    assert_eq!(code, 0, "{name}: {err}");
    (out, printed)
}

fn run(name: &str, trace: &str, nodes: u32) -> PathBuf {
    run_named(name, "small", trace, nodes).0
}

/// Whether tags are closed in their order, attributes quoted, and `<` and `&` escaped: enough of XML for what we write.
fn check_xml(what: &str, xml: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = xml;
    while let Some(at) = rest.find('<') {
        check_text(what, &rest[..at]);
        let end = rest[at..].find('>').unwrap_or_else(|| panic!("{what}: a tag has no end")) + at;
        let tag = &rest[at + 1..end];
        assert!(!tag.contains('<') && tag.matches('"').count().is_multiple_of(2), "{what}: <{tag}>");
        match (tag.strip_prefix('/'), tag.ends_with('/')) {
            (Some(name), _) => assert_eq!(open.pop(), Some(name), "{what}: </{name}>"),
            (None, false) => open.push(tag.split(' ').next().expect("a tag has a name")),
            (None, true) => {}
        }
        check_text(what, tag);
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{what}: {open:?} {rest}");
}

fn check_text(what: &str, text: &str) {
    for (at, _) in text.match_indices('&') {
        let known = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"].iter().any(|e| text[at..].starts_with(e));
        assert!(known, "{what}: {text}");
    }
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{what}: {text:?}");
    assert!(!text.contains("NaN") && !text.contains("inf\""), "{what}: {text}");
}

/// All charts of a run are there, in both themes, as SVG and PNG.
fn check_charts(run: &Path) {
    for chart in CHARTS {
        for theme in ["", "-dark"] {
            let file = run.join("charts").join(format!("{chart}{theme}.svg"));
            check_xml(text(&file), &read(&file));
            let png = std::fs::read(file.with_extension("png")).expect("the PNG is there");
            assert!(png.starts_with(b"\x89PNG\r\n\x1a\n") && png.len() > 2_000, "{chart}{theme}");
        }
    }
    assert_eq!(std::fs::read_dir(run.join("charts")).expect("it can be listed").count(), 4 * CHARTS.len());
}

#[test]
fn charts_of_a_small_run() {
    let run = run("small", SMALL, 2);
    check_charts(&run);
    for chart in CHARTS {
        insta::assert_snapshot!(chart, read(&run.join("charts").join(format!("{chart}.svg"))));
    }
}

#[test]
fn charts_can_be_drawn_of_anything() {
    let header = "job_id,submit_s,duration_s,gpus\n";
    check_charts(&run("rejected", &format!("{header}big,0,10,99\n"), 2));
    check_charts(&run("one", &format!("{header}one,0,10,1\n"), 2));
    check_charts(&run("no-time", &format!("{header}one,7,0,1\n"), 2));
    check_charts(&run("cpu", &format!("{header}one,7,5,0\n"), 1));
    let many: String =
        (0..600).map(|i| format!("{i},{},{},{}\n", i * 40, 500 + i * 37 % 9000, 1 + i * 7 % 64)).collect();
    check_charts(&run("hundred", &format!("{header}{many}"), 100));
}

/// Names that would be markup stay text, in every file that could be opened in a browser.
#[test]
fn names_from_traces_are_escaped() {
    let bad = "<script>alert(1)</script>";
    let trace = format!(
        "job_id,submit_s,duration_s,gpus,tenant\n{bad},0,10,4,\"\"\"><img src=x onerror=alert(1)>\"\nb&<,1,5,4,{bad}\n"
    );
    let (run, _) = run_named("escaped", "</title><script>alert(2)</script>", &trace, 2);
    let html = read(&run.join("report.html"));
    assert!(!html.contains("<script>alert") && !html.contains("<img"), "a name is markup");
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && html.contains("b&amp;&lt;"));
    assert_eq!(html.matches("<script").count(), 1);
    check_charts(&run);
}

/// The command makes from the stored files what the run made, to the byte.
#[test]
fn report_makes_what_run_made() {
    let run = run("again", SMALL, 2);
    let again = folder("again-out");
    let (code, printed, err) = fleetsim(&["report", text(&run), "--out", text(&again)]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(printed.contains("report.html"));
    let mut names: Vec<String> = vec!["report.html".to_owned()];
    names.extend(CHARTS.iter().flat_map(|c| ["", "-dark"].map(|t| format!("charts/{c}{t}.svg"))));
    names.extend(CHARTS.iter().flat_map(|c| ["", "-dark"].map(|t| format!("charts/{c}{t}.png"))));
    for name in names {
        let both = [&run, &again].map(|f| std::fs::read(f.join(&name)).expect("it is there"));
        assert!(both[0] == both[1], "{name}");
    }
}

#[test]
fn a_damaged_run_folder_is_told_with_its_place() {
    let run = run("damaged", SMALL, 2);
    let cases: [(&str, &str, &str, &str); 5] = [
        ("series.csv", "waiting_jobs", "waiting", "series.csv:1: is damaged: it has no column `waiting_jobs`"),
        ("jobs.csv", "c,red,,4,4", "c,red,,4,soon", "is damaged: `soon` in the column `submit_s` is no number"),
        ("ledger.csv", "useful", "usefull", "ledger.csv:2: is damaged: there is no leaf `usefull`"),
        ("summary.json", "fleetsim.summary/1", "fleetsim.summary/9", "has the schema `fleetsim.summary/9`"),
        ("manifest.json", "{", "", "manifest.json: is damaged"),
    ];
    for (file, from, to, told) in cases {
        let path = run.join(file);
        let whole = read(&path);
        std::fs::write(&path, whole.replacen(from, to, 1)).expect("it can be written");
        let (code, _, err) = fleetsim(&["report", text(&run)]);
        assert_eq!(code, 2, "{file}: {err}");
        assert!(err.contains(told), "{file}: {err}");
        std::fs::remove_file(&path).expect("it can be removed");
        let (code, _, err) = fleetsim(&["report", text(&run)]);
        assert!(code == 2 && err.contains(file) && err.contains("is missing"), "{err}");
        std::fs::write(&path, whole).expect("it can be written");
    }
    assert_eq!(fleetsim(&["report", text(&run)]).0, 0);
}

/// Thousands of tenants and tens of thousands of jobs: what is shown of them is bounded.
#[test]
fn reports_stay_small() {
    let job =
        |i: u64| format!("job-{i},{},{},{},tenant-with-a-long-name-{}\n", i * 2, 60 + i % 977, 1 + i % 8, i % 4000);
    let trace: String = (0..100_000).map(job).collect();
    let run = run("large", &format!("job_id,submit_s,duration_s,gpus,tenant\n{trace}"), 40);
    let html = read(&run.join("report.html"));
    assert!(html.len() < 1_500_000, "{} bytes", html.len());
    assert!(html.contains("of 4,000 tenants") && html.contains("of 100,000 jobs"));
    for chart in CHARTS {
        let svg = read(&run.join("charts").join(format!("{chart}.svg")));
        assert!(svg.len() < 200_000, "{chart}: {} bytes", svg.len());
    }
}

/// Terminal, summary and report say the same.
#[test]
fn numbers_agree_with_the_terminal() {
    let (run, printed) = run_named("agree", "small", SMALL, 2);
    let html = read(&run.join("report.html"));
    let heading = printed.lines().find(|l| l.starts_with("idle GPUs cost")).expect("it says what idle GPUs cost");
    let a_year = heading.rsplit(", ").next().and_then(|t| t.strip_suffix(" a year")).expect("it says so by the year");
    assert!(html.contains(&format!(">{a_year}<")), "{heading}");
    let wait = printed.lines().find(|l| l.trim_start().starts_with("all jobs")).expect("it says how long jobs wait");
    let mean = wait.split_whitespace().nth(3).expect("the mean comes third");
    assert!(html.contains(&format!("<dd class=\"number\">{mean}</dd>")), "{wait}");
}

/// What charts, page and terminal say of a run are the numbers of its `summary.json`, read here without the program.
#[test]
fn charts_page_and_terminal_say_what_the_summary_says() {
    use fleetsim::results::format::{dollars, duration, percent};
    let folder = folder("all-agree");
    let run = folder.join("run");
    let (code, printed, err) = fleetsim(&["run", "scenarios/pools-and-queues.toml", "--out", text(&run)]);
    assert_eq!(code, 0, "{err}");
    let summary: serde_json::Value = serde_json::from_str(&read(&run.join("summary.json"))).expect("it is JSON");
    let number =
        |path: &str| summary.pointer(path).and_then(serde_json::Value::as_f64).unwrap_or_else(|| panic!("{path}"));
    let html = read(&run.join("report.html"));
    let svg = |name: &str| read(&run.join("charts").join(format!("{name}.svg")));
    let told = |what: &str, text: &str, value: &str| assert!(text.contains(value), "{what} does not say {value}");
    let [allocated, occupied, productive] =
        ["allocated", "occupied", "productive"].map(|name| percent(number(&format!("/utilization/{name}"))));
    for share in [&allocated, &occupied, &productive] {
        told("the page", &html, &format!("<dd class=\"number\">{share}</dd>"));
        told("the terminal", &printed, share);
    }
    told("a chart", &svg("ledger-over-time"), &format!("Jobs held {allocated} of 192 GPUs, {productive} usefully"));
    let (mean, p90) = (duration(number("/wait_s/mean")), duration(number("/wait_s/p90")));
    told(
        "the page",
        &html,
        &format!("<dd class=\"number\">{mean}</dd><dd class=\"why\">nine in ten jobs within {p90}</dd>"),
    );
    told("a chart", &svg("queue-time-cdf"), &format!("over {p90}"));
    told("the terminal", &printed, &format!("{mean} "));
    told("the terminal", &printed, &p90);
    let year = 8760.0 * 3600.0 / number("/window_s");
    let idle = dollars(number("/cost/idle_usd") * year);
    assert_eq!(idle, dollars(number("/cost/idle_usd_per_year")));
    told("the page", &html, &format!("idle GPUs cost {idle} a year"));
    told("the terminal", &printed, &format!("{idle} a year"));
    let (waterfall, capacity) = (svg("idle-waterfall"), number("/capacity_gpu_s"));
    let leaves = summary["ledger"].as_object().expect("it has a ledger");
    let mut seen = 0;
    for (leaf, seconds) in leaves.iter().map(|(leaf, value)| (leaf, value.as_f64().expect("a number"))) {
        if seconds <= 0.0 {
            continue;
        }
        let (share, usd) = (percent(seconds / capacity), number(&format!("/cost/by_leaf/{leaf}")));
        let a_year = dollars(usd * year);
        told("the waterfall", &waterfall, &format!("{a_year} · {share}"));
        told("the page", &html, &format!("<td class=\"text\">{}</td>", leaf.replace('_', " ")));
        for cell in [&share, &dollars(usd), &a_year] {
            told("the page", &html, &format!(">{cell}</td>"));
        }
        if leaf != "useful" {
            let row = printed.lines().find(|line| line.trim_start().starts_with(&format!("{leaf} ")));
            let row = row.unwrap_or_else(|| panic!("the terminal has no {leaf}"));
            assert!(row.contains(&share) && row.contains(&dollars(usd)) && row.contains(&a_year), "{row}");
        }
        seen += 1;
    }
    assert!(seen >= 5, "{seen} leaves");
}

/// Where nothing has a price no dollars are shown; where only some GPUs have one, that is said.
#[test]
fn what_has_no_price_is_told() {
    let folder = folder("prices");
    std::fs::write(folder.join("t.csv"), SMALL).expect("it can be written");
    let run = |name: &str, second: &str| {
        let pool = |name: &str, price: &str| {
            format!("[cluster.pools.{name}]\ngpu = \"own\"\nnodes = 2\ngpus_per_node = 2\n{price}")
        };
        let (one, two) = (pool("a", ""), pool("b", second));
        let text_of = format!("{one}{two}[cluster.gpus.own]\n[workload]\ntrace = \"t.csv\"\n[policy.fifo]\n");
        std::fs::write(folder.join("s.toml"), text_of).expect("it can be written");
        let out = folder.join(name);
        let (code, _, err) = fleetsim(&["run", text(&folder.join("s.toml")), "--out", text(&out)]);
        assert_eq!(code, 0, "{err}");
        (read(&out.join("report.html")), read(&out.join("charts/idle-waterfall.svg")))
    };
    let (html, waterfall) = run("none", "");
    let shown = html.split("<h2>The same again</h2>").next().expect("the page has a beginning");
    assert!(!shown.contains('$') && !waterfall.contains('$') && !html.contains("have a price"), "dollars of nothing");
    assert!(!html.contains("idle cost") && !html.contains("cost of held"));
    let (html, waterfall) = run("some", "price = 2\n");
    let told = "only 4 of 8 GPUs have a price";
    assert!(html.contains(&format!("a year ({told})")) && waterfall.contains(&format!("; {told}")));
    assert!(html.contains("idle cost"));
}

/// Names of any kind stay text and leave charts readable: markup, emoji, other scripts, two hundred letters.
#[test]
fn names_of_any_kind_are_shown() {
    let names = [
        "<script>alert(1)</script>",
        "\u{1f680} rockets",
        "\u{645}\u{631}\u{62d}\u{628}\u{627}",
        &"w".repeat(200),
        "a&b",
    ];
    let job = |i: usize| {
        format!("\"{0} {i}\",{1},{2},{3},\"{0}\"\n", names[i % names.len()], i * 7, 40 + i * 13 % 300, 1 + i % 4)
    };
    let trace: String = (0..60).map(job).collect();
    let (run, _) = run_named(
        "any-name",
        &"a long title ".repeat(16),
        &format!("job_id,submit_s,duration_s,gpus,tenant\n{trace}"),
        3,
    );
    check_charts(&run);
    let html = read(&run.join("report.html"));
    assert!(
        !html.contains("<script>alert") && html.contains("\u{1f680} rockets") && html.contains("\u{645}\u{631}\u{62d}")
    );
    let tenants = read(&run.join("charts/gpus-by-tenant.svg"));
    assert!(tenants.contains("&lt;script&gt;") && tenants.contains('…'), "long names are cut: {tenants}");
    // No text is longer than there is room for.
    for chart in CHARTS {
        for line in read(&run.join("charts").join(format!("{chart}.svg"))).lines().filter(|line| line.contains("<text"))
        {
            let shown = line.split('>').nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default();
            assert!(shown.chars().count() < 90, "{chart}: {shown}");
        }
    }
}

/// Printed, a page is dark on white also for who reads it in dark: the last word on colours is the paper's.
#[test]
fn printed_pages_are_light() {
    let html = read(&run("printed", SMALL, 2).join("report.html"));
    let print =
        html.find("@media print{:root,:root[data-theme]{color-scheme:light;--paper:#ffffff;").expect("it has colours");
    assert!(html.rfind(":root[data-theme=dark]").is_some_and(|dark| dark < print));
}

#[test]
fn no_report_is_written_when_none_is_asked_for() {
    let (run, _) = run_named("none", "small", SMALL, 2);
    let out = folder("none-out").join("run");
    let scenario = run.with_file_name("s.toml");
    let without = ["run", text(&scenario), "--no-report", "--out", text(&out)];
    // Nor does one stay that tells of an earlier run; what fleetsim did not make does.
    for (args, extra) in [(&without[..], false), (&[&without[..2], &without[3..]].concat(), true), (&without, true)] {
        assert_eq!(fleetsim(args).0, 0);
        let is_there = args.len() < without.len();
        assert!(out.join("summary.json").exists());
        assert_eq!(out.join("report.html").exists(), is_there);
        assert_eq!(out.join("charts/queue-time-cdf-dark.png").exists(), is_there);
        assert_eq!(out.join("charts").exists(), is_there || extra);
        std::fs::create_dir_all(out.join("charts")).expect("it can be made");
        std::fs::write(out.join("charts/mine.png"), "mine").expect("it can be written");
    }
}

#[test]
fn init_writes_scenarios_that_run() {
    let folder = folder("init");
    let (code, starter, _) = fleetsim(&["init"]);
    assert!(code == 0 && starter.contains("[policy.easy-backfill]"), "{starter}");
    let trace = folder.join("jobs.csv");
    std::fs::write(&trace, SMALL).expect("it can be written");
    let (plain, fitted) = (folder.join("plain.toml"), folder.join("fitted.toml"));
    assert_eq!(fleetsim(&["init", "--out", text(&plain)]).0, 0);
    assert_eq!(read(&plain), starter);
    let args = ["init", "--from-trace", text(&trace), "--out", text(&fitted)];
    assert_eq!(fleetsim(&args).0, 0);
    assert!(read(&fitted).contains("trace = \"jobs.csv\""), "{}", read(&fitted));
    let (code, _, err) = fleetsim(&args);
    assert!(code == 2 && err.contains("is not overwritten"), "{err}");
    for scenario in [plain, fitted] {
        let out = folder.join("run");
        let (code, _, err) = fleetsim(&["run", text(&scenario), "--no-report", "--out", text(&out)]);
        assert_eq!(code, 0, "{}: {err}", scenario.display());
    }
}

/// Does in a browser what a reader does, and leaves what came of it in an attribute.
const READER: &str = "<script>
const table = document.querySelectorAll('table')[3], column = 1;
const numbers = () => Array.from(table.tBodies[0].rows, (r) => Number(r.cells[column].dataset.v));
const press = () => table.tHead.rows[0].cells[column].querySelector('button').click();
press(); const down = numbers(); press(); const up = numbers();
const sorted = String(down) === String([...down].sort((a, b) => b - a)) && String(up) === String([...up].sort((a, b) => a - b));
const spot = document.querySelector('figure [data-tip]');
spot.dispatchEvent(new PointerEvent('pointermove', { bubbles: true, clientX: 5, clientY: 5 }));
const tip = document.getElementById('tip');
const figure = Array.from(document.querySelectorAll('figure')).find((f) => f.querySelectorAll('.tools [aria-pressed]').length > 1);
const [svg, part] = [figure.querySelector('svg'), figure.querySelector('[data-series]')];
const tools = Array.from(figure.querySelectorAll('.tools button'));
const toggle = tools.find((b) => b.textContent === part.dataset.series);
toggle.click(); const hidden = part.style.display === 'none'; toggle.click(); const shown = part.style.display === '';
const view = () => Number(svg.getAttribute('viewBox').split(' ')[2]);
const whole = view(); tools[0].click(); const near = view(); tools[2].click(); const zooms = near < whole && view() === whole;
svg.focus(); svg.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight' }));
const keys = document.activeElement === svg && !tip.hidden && tip.textContent.length > 3;
document.getElementById('theme').click();
const theme = document.documentElement.dataset.theme;
document.body.dataset.read = [sorted, !tip.hidden && tip.textContent.length > 5, theme === 'dark' || theme === 'light',
  document.querySelectorAll('img, iframe, link[rel=stylesheet], script[src]').length === 0, hidden && shown, zooms, keys].join();
</script>";

fn browser() -> Option<&'static str> {
    ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok_and(|o| o.status.success()))
}

/// In a real browser: no errors, tables sort, charts answer the pointer, colours change.
#[test]
fn the_report_works_in_chromium() {
    let Some(browser) = browser() else {
        eprintln!("SKIPPED: there is no chromium on the PATH, so the report was not tried in a browser");
        return;
    };
    let trace = SMALL.replace("a,0", "<script>alert(1)</script>,0");
    let run = run("browser", &trace, 2);
    let page = run.join("read.html");
    let html = read(&run.join("report.html")).replace("</body>", &format!("{READER}</body>"));
    std::fs::write(&page, html).expect("it can be written");
    let profile = format!("--user-data-dir={}", text(&run.join("profile")));
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0", &profile])
        .args(["--dump-dom", &format!("file://{}", text(&page))])
        .output()
        .expect("the browser starts");
    let (dom, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!log.contains("CONSOLE"), "{log}");
    assert!(
        dom.contains("data-read=\"true,true,true,true,true,true,true\""),
        "{:?}\n{log}",
        dom.split("data-read").nth(1).map(|d| &d[..60])
    );
}

/// Says where things stand on the first screen.
const SCREEN: &str = "<script>
const box = (e) => e.getBoundingClientRect();
const tiles = Array.from(document.querySelectorAll('.tile'), box);
const apart = tiles.every((a, i) => tiles.slice(i + 1).every((b) =>
  a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top));
const answer = box(document.querySelector('.answer')), heading = box(document.querySelector('h1'));
document.body.dataset.screen = [document.documentElement.scrollWidth <= innerWidth, apart && tiles.length >= 5,
  heading.bottom <= answer.top && answer.bottom <= Math.min(...tiles.map((t) => t.top)),
  Math.max(...tiles.map((t) => t.bottom)) < innerHeight].join();
</script>";

/// The pixels of a PNG of three or four channels, and how wide it is.
fn pixels(path: &Path) -> (Vec<[u8; 3]>, usize) {
    let file = std::io::BufReader::new(std::fs::File::open(path).expect("the browser wrote it"));
    let mut reader = png::Decoder::new(file).read_info().expect("it is a PNG");
    let mut bytes = vec![0; reader.output_buffer_size().expect("it is not too large")];
    let info = reader.next_frame(&mut bytes).expect("it is whole");
    let channels = info.color_type.samples();
    (bytes.chunks_exact(channels).map(|p| [p[0], p[1], p[2]]).collect(), info.width as usize)
}

/// What stands on the first screen, in light and dark, on a wide screen and a telephone: the answer and the tiles, beside
/// and below one another, and really painted.
#[test]
fn the_first_screen_shows_the_answer() {
    let Some(browser) = browser() else {
        eprintln!("SKIPPED: there is no chromium on the PATH, so the first screen was not looked at");
        return;
    };
    let run = run("screen", SMALL, 2);
    let html = read(&run.join("report.html"));
    let profile = format!("--user-data-dir={}", text(&run.join("profile")));
    let plain = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", &profile];
    for (theme, paper, ink) in
        [("light", [255, 255, 255], [0x1c, 0x22, 0x2b]), ("dark", [0x16, 0x1a, 0x20], [0xe8, 0xec, 0xf1])]
    {
        let page = run.join(format!("{theme}.html"));
        let themed = html.replace("<html lang=\"en\">", &format!("<html lang=\"en\" data-theme=\"{theme}\">"));
        std::fs::write(&page, themed.replace("</body>", &format!("{SCREEN}</body>"))).expect("it can be written");
        let url = format!("file://{}", text(&page));
        for (size, (width, height)) in [("1280,900", (1280, 900)), ("600,1400", (600, 1400))] {
            let window = format!("--window-size={size}");
            let shot = run.join(format!("{theme}-{width}.png"));
            let told = Command::new(browser).args(plain).args([&window, "--dump-dom", &url]).output();
            let dom = String::from_utf8_lossy(&told.expect("the browser starts").stdout).into_owned();
            assert!(
                dom.contains("data-screen=\"true,true,true,true\""),
                "{theme} {size}: {:?}",
                dom.split("data-screen").nth(1).map(|d| &d[..40])
            );
            let to = format!("--screenshot={}", text(&shot));
            Command::new(browser).args(plain).args([&window, &to, &url]).output().expect("the browser starts");
            let (pixels, wide) = pixels(&shot);
            assert_eq!((wide, pixels.len() / wide), (width, height));
            let share = |colour: [u8; 3]| {
                let near = |p: &&[u8; 3]| p.iter().zip(colour).all(|(a, b)| a.abs_diff(b) <= 24);
                pixels.iter().filter(near).count() as f64 / pixels.len() as f64
            };
            assert!(share(paper) > 0.5 && share(ink) > 0.002, "{theme} {size}: {} {}", share(paper), share(ink));
            // The useful leaf has its colour on the waterfall or in the causes.
            assert!(pixels.iter().any(|p| *p != paper && p.iter().max() != p.iter().min()), "{theme} {size}: all grey");
        }
    }
}
