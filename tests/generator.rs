//! The synthetic generator against independent distributions (statrs) and its own promises.

use std::path::{Path, PathBuf};

use fleetsim::trace::generate::{Arrivals, Durations, Generator, Overestimate, Rate, Shape, VENUS_HOURS, Weights};
use fleetsim::trace::native::{self, ReadOptions};
use fleetsim::trace::{JobTable, RecordedState};
use fleetsim::units::Span;
use fleetsim::units::keys::{Params, Value};
use statrs::distribution::{ChiSquared, ContinuousCDF, Exp, LogNormal};

fn generated(recipe: &Generator, seed: u64) -> JobTable {
    recipe.generate(seed).unwrap_or_else(|bad| panic!("{bad:?}"))
}

fn lognormal(median_s: u64, sigma: f64, min_s: u64, max_s: u64) -> Durations {
    let median = Span::from_seconds(median_s);
    let shape = Shape::LogNormal { median, sigma };
    Durations { shape, min: Span::from_seconds(min_s), max: Span::from_seconds(max_s) }
}

fn exponential(mean_s: u64) -> Durations {
    let shape = Shape::Exponential { mean: Span::from_seconds(mean_s) };
    Durations { shape, min: Span::ZERO, max: Span::from_seconds(mean_s * 1000) }
}

fn gaps(table: &JobTable) -> Vec<f64> {
    let submits: Vec<f64> = table.ids().map(|job| table.submit(job).as_seconds()).collect();
    submits.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

fn durations(table: &JobTable) -> Vec<f64> {
    table.ids().map(|job| table.duration(job).as_seconds()).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64
}

/// Kolmogorov and Smirnov's distance, times the root of the sample size; above 1.95 once in a thousand samples.
fn ks(mut values: Vec<f64>, cdf: impl Fn(f64) -> f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len() as f64;
    let distance = values.iter().enumerate().map(|(i, &v)| {
        let (below, upto) = (i as f64 / n, (i + 1) as f64 / n);
        f64::max((cdf(v) - below).abs(), (cdf(v) - upto).abs())
    });
    distance.fold(0.0, f64::max) * n.sqrt()
}

#[test]
fn poisson_gaps_are_exponential_with_the_mean_and_variance_of_the_rate() {
    let recipe = Generator {
        jobs: Some(20_000),
        arrivals: Arrivals::Poisson,
        rate: Rate::PerHour(120.0),
        ..Generator::default()
    };
    let gaps = gaps(&generated(&recipe, 7));
    let n = gaps.len() as f64;
    assert!((mean(&gaps) / 30.0 - 1.0).abs() < 4.0 / n.sqrt(), "mean {}", mean(&gaps));
    // The variance of an exponential sample's variance is 8 mean^4 / n.
    assert!((variance(&gaps) / 900.0 - 1.0).abs() < 4.0 * (8.0 / n).sqrt(), "variance {}", variance(&gaps));
    let exp = Exp::new(1.0 / 30.0).unwrap();
    assert!(ks(gaps, |x| exp.cdf(x)) < 1.95);
}

#[test]
fn arrivals_follow_the_hours_of_the_day() {
    let recipe = Generator {
        jobs: None,
        span: Some(Span::from_seconds(200 * 86_400)),
        arrivals: Arrivals::HourOfDay(VENUS_HOURS),
        rate: Rate::PerHour(6.0),
        ..Generator::default()
    };
    let table = generated(&recipe, 3);
    let mut counts = [0.0; 24];
    for job in table.ids() {
        counts[(table.submit(job).micros() / 3_600_000_000 % 24) as usize] += 1.0;
    }
    let expected = 6.0 * 24.0 * 200.0;
    let total: f64 = counts.iter().sum();
    assert!((total - expected).abs() < 4.0 * expected.sqrt(), "{total} jobs, expected {expected}");
    let weights: f64 = VENUS_HOURS.iter().sum();
    let chi2: f64 =
        counts.iter().zip(VENUS_HOURS).map(|(c, w)| (c - total * w / weights).powi(2) / (total * w / weights)).sum();
    assert!(1.0 - ChiSquared::new(23.0).unwrap().cdf(chi2) > 0.001, "chi-squared {chi2}");
}

#[test]
fn an_hour_without_weight_has_no_arrivals() {
    let mut hours = [0.0; 24];
    hours[13] = 1.0;
    let recipe = Generator { arrivals: Arrivals::HourOfDay(hours), jobs: Some(500), ..Generator::default() };
    let table = generated(&recipe, 1);
    assert!(table.ids().all(|job| table.submit(job).micros() / 3_600_000_000 % 24 == 13));
}

#[test]
fn durations_follow_their_distributions() {
    let recipe = Generator { jobs: Some(20_000), durations: lognormal(900, 1.5, 0, 1 << 27), ..Generator::default() };
    let law = LogNormal::new(900f64.ln(), 1.5).unwrap();
    assert!(ks(durations(&generated(&recipe, 11)), |x| law.cdf(x)) < 1.95);

    let recipe = Generator { durations: exponential(600), ..recipe };
    let law = Exp::new(1.0 / 600.0).unwrap();
    assert!(ks(durations(&generated(&recipe, 12)), |x| law.cdf(x)) < 1.95);
}

/// The expected duration, bounds included, is the lower bound plus the integral of the survival function.
#[test]
fn the_expected_duration_agrees_with_numerical_integration() {
    let integral = |min: f64, max: f64, survival: &dyn Fn(f64) -> f64| {
        // Logarithmic steps, the middle of each.
        let steps = 200_000;
        let ratio = (max / min).powf(1.0 / f64::from(steps));
        let widths = (0..steps).scan(min, |at, _| {
            let from = *at;
            *at *= ratio;
            Some((*at - from) * survival(f64::midpoint(from, *at)))
        });
        min + widths.sum::<f64>()
    };
    for (median, sigma, min, max) in [(900, 2.0, 10, 604_800), (2400, 1.6, 60, 86_400), (60, 0.3, 59, 61)] {
        let law = LogNormal::new(f64::from(median).ln(), sigma).unwrap();
        let numeric = integral(f64::from(min), f64::from(max), &|x| 1.0 - law.cdf(x));
        let closed = lognormal(median as u64, sigma, min as u64, max as u64).mean_seconds();
        assert!((closed / numeric - 1.0).abs() < 1e-5, "{closed} against {numeric}");
    }
    let bounded = Durations { min: Span::from_seconds(100), max: Span::from_seconds(900), ..exponential(600) };
    let law = Exp::new(1.0 / 600.0).unwrap();
    let numeric = integral(100.0, 900.0, &|x| 1.0 - law.cdf(x));
    assert!((bounded.mean_seconds() / numeric - 1.0).abs() < 1e-5);
    assert!((lognormal(50, 0.0, 1, 40).mean_seconds() - 40.0).abs() < 1e-9);
}

#[test]
fn the_load_target_is_met_within_its_scatter() {
    for (load, gpus, arrivals) in
        [(0.9, 128, Arrivals::Poisson), (0.5, 1000, Arrivals::HourOfDay(VENUS_HOURS)), (1.5, 64, Arrivals::Poisson)]
    {
        let recipe = Generator {
            jobs: Some(60_000),
            arrivals,
            rate: Rate::Load { load, gpus },
            durations: lognormal(1800, 1.0, 60, 86_400),
            ..Generator::default()
        };
        let table = generated(&recipe, 5);
        let work: Vec<f64> =
            table.ids().map(|j| f64::from(table.spec(j).gpus) * table.duration(j).as_seconds()).collect();
        let span = table.submit(table.ids().last().unwrap()).as_seconds();
        let offered = work.iter().sum::<f64>() / (span * gpus as f64);
        let n = work.len() as f64;
        let scatter = (variance(&work) / mean(&work).powi(2) / n + 1.0 / n).sqrt();
        assert!((offered / load - 1.0).abs() < 4.0 * scatter, "load {offered} instead of {load}, scatter {scatter}");
    }
}

#[test]
fn sizes_tenants_states_and_requests_have_their_shares() {
    let recipe = Generator {
        jobs: Some(20_000),
        sizes: Weights::new([(1, 3.0), (8, 1.0)]),
        tenants: Weights::zipf("team-", 3, 1.0),
        queues: Weights::new([("batch".to_owned(), 1.0), ("none".to_owned(), 0.0)]),
        walltimes: Some(Overestimate { low: 2.0, high: 4.0 }),
        failed: 0.04,
        cancelled: 0.0,
        gpus_per_task: std::num::NonZeroU32::new(4),
        ..Generator::default()
    };
    let table = generated(&recipe, 9);
    let share = |what: &dyn Fn(fleetsim::trace::JobId) -> bool| {
        table.ids().filter(|&job| what(job)).count() as f64 / table.len() as f64
    };
    let close = |found: f64, p: f64| (found - p).abs() < 4.0 * (p * (1.0 - p) / 20_000.0).sqrt();
    assert!(close(share(&|j| table.spec(j).gpus == 8), 0.25));
    assert!(close(share(&|j| table.spec(j).tenant == "team-1"), 6.0 / 11.0));
    assert!(close(share(&|j| table.spec(j).tenant == "team-3"), 2.0 / 11.0));
    assert!(close(share(&|j| table.spec(j).state == Some(RecordedState::Failed)), 0.04));
    assert!(table.ids().all(|j| table.spec(j).queue == "batch"));
    for job in table.ids() {
        let (asked, ran) = (table.walltime(job).unwrap().micros(), table.duration(job).micros());
        assert!(asked >= 2 * ran && asked <= 4 * ran + 60_000_000 && asked.is_multiple_of(60_000_000));
        assert_eq!(table.spec(job).tasks.unwrap().get(), if table.spec(job).gpus == 8 { 2 } else { 1 });
    }
}

fn written(table: &JobTable, name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    native::write_table(&path, table).unwrap_or_else(|problem| panic!("{problem}"));
    std::fs::read(path).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_one_does_not() {
    let recipe = Generator::default();
    let first = written(&generated(&recipe, 1), "seed-1.csv");
    assert!(first == written(&generated(&recipe, 1), "seed-1-again.csv"));
    assert!(first != written(&generated(&recipe, 2), "seed-2.csv"));
}

#[test]
fn one_part_changed_leaves_the_draws_of_the_others_alone() {
    let recipe = Generator { rate: Rate::PerHour(60.0), ..Generator::default() };
    let other = Generator { sizes: Weights::new([(4, 1.0)]), walltimes: None, failed: 0.0, ..recipe.clone() };
    let (a, b) = (generated(&recipe, 4), generated(&other, 4));
    for job in a.ids() {
        assert_eq!((a.submit(job), a.duration(job)), (b.submit(job), b.duration(job)));
        assert_eq!(a.spec(job).tenant, b.spec(job).tenant);
    }
}

fn params(pairs: &[(&'static str, Value)]) -> Params {
    let mut params = Params::default();
    pairs.iter().for_each(|(key, value)| params.set(key, value.clone()));
    params
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn texts(list: &[&str]) -> Value {
    Value::Texts(list.iter().map(|&t| t.to_owned()).collect())
}

#[test]
fn keys_without_values_are_the_default_recipe_on_the_cluster() {
    let recipe = Generator::from_params(&Params::default(), Some(512)).unwrap();
    assert_eq!(recipe, Generator { rate: Rate::Load { load: 0.85, gpus: 512 }, ..Generator::default() });
}

#[test]
fn keys_that_make_no_sense_are_named() {
    let hours = "1 2 3";
    for (pairs, key) in [
        (vec![("jobs", Value::Count(10)), ("hours", text(hours))], "hours"),
        (vec![("arrivals", text("poisson")), ("hours", text(hours))], "hours"),
        (vec![("rate_per_hour", Value::Number(1.0)), ("load", Value::Number(1.0))], "rate_per_hour"),
        (vec![("tenants", texts(&["a"])), ("zipf_tenants", Value::Count(3))], "tenants"),
        (vec![("sizes", texts(&["8:1", "big:2"]))], "sizes"),
        (vec![("sizes", texts(&["8:-1"]))], "sizes"),
        (vec![("sizes", texts(&[]))], "sizes"),
        (vec![("sizes", texts(&["0:1"]))], "load"),
        (vec![("tenants", texts(&["a:0"]))], "tenants"),
        (vec![("queues", texts(&[":2"]))], "queues"),
        (vec![("duration", text("exponential")), ("duration_sigma", Value::Number(1.0))], "duration_sigma"),
        (vec![("duration_min", Value::Duration(Span::from_seconds(9_000_000)))], "duration_min"),
        (vec![("duration_median", Value::Duration(Span::ZERO))], "duration_median"),
        (vec![("failed", Value::Number(0.9)), ("cancelled", Value::Number(0.2))], "failed"),
        (vec![("walltime_low", Value::Number(3.0)), ("walltime_high", Value::Number(2.0))], "walltime_high"),
        (vec![("walltimes", Value::Bool(false)), ("walltime_low", Value::Number(2.0))], "walltime_low"),
        (vec![("resolution", Value::Duration(Span::ZERO))], "resolution"),
        (vec![("rate_per_hour", Value::Number(1e-6))], "rate_per_hour"),
    ] {
        let bad = Generator::from_params(&params(&pairs), None).unwrap_err();
        assert_eq!(bad[0].key, key, "{bad:?}");
    }
}

/// The recipe that `traces/README.md` tells for the trace of the quick start.
fn quickstart() -> Generator {
    let duration = |seconds| Value::Duration(Span::from_seconds(seconds));
    let keys = params(&[
        ("jobs", Value::Count(2000)),
        ("gpus", Value::Count(128)),
        ("load", Value::Number(0.9)),
        ("sizes", texts(&["1:40", "2:15", "4:15", "8:20", "16:6", "32:3", "64:1"])),
        ("gpus_per_task", Value::Count(8)),
        ("tenants", texts(&["vision:4", "language:3", "speech:2", "science:1"])),
        ("duration_median", duration(40 * 60)),
        ("duration_sigma", Value::Number(1.6)),
        ("duration_min", duration(60)),
        ("duration_max", duration(86_400)),
        ("walltime_low", Value::Number(1.1)),
        ("walltime_high", Value::Number(3.0)),
        ("failed", Value::Number(0.05)),
        ("cancelled", Value::Number(0.03)),
        ("resolution", duration(1)),
    ]);
    Generator::from_params(&keys, None).unwrap_or_else(|bad| panic!("{bad:?}"))
}

#[test]
fn the_trace_of_the_quick_start_is_what_its_recipe_makes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("traces/quickstart.csv");
    let made = written(&generated(&quickstart(), 42), "quickstart.csv");
    assert!(std::fs::read(&path).is_ok_and(|stored| stored == made), "{} differs from its recipe", path.display());
    let table = native::read(&path, &ReadOptions::default()).unwrap_or_else(|p| panic!("{p}")).table;
    let work: f64 = table.ids().map(|j| f64::from(table.spec(j).gpus) * table.duration(j).as_seconds()).sum();
    let span = table.submit(table.ids().last().unwrap()).as_seconds();
    let load = work / (span * 128.0);
    println!("{} jobs in {:.2} days, load {load:.3}", table.len(), span / 86_400.0);
    assert!((0.85..=0.95).contains(&load), "load {load}");
    assert!((7.0..=14.0).contains(&(span / 86_400.0)));
}
