//! Reading scenarios as a whole.

use std::path::Path;

use super::tree::Place;
use super::*;
use crate::cluster::Island;
use crate::trace::RecordedState;
use crate::units::{Span, Time};

const SMALL: &str = r#"
[cluster.pools.b]
gpu = "h100-sxm"
nodes = 4
gpus_per_node = 8
price = 2

[cluster.pools.a]
nodes = 1

[workload]
trace = "t.csv"

[policy.sjf]
skip = true
placement = "spread"
"#;

fn read(text: &str, overrides: &Overrides) -> Result<Scenario, crate::input::Problems> {
    of_bytes(text.as_bytes(), Path::new("dir/small.toml"), overrides)
}

fn trace(path: &str) -> Source {
    Source::Trace(TraceFile { path: path.into(), named: Place::whole("") })
}

fn set(arguments: &[&str]) -> Overrides {
    Overrides { set: arguments.iter().map(|&a| a.to_owned()).collect(), ..Overrides::default() }
}

#[test]
fn defaults_are_filled_in_and_pools_keep_file_order() {
    let scenario = read(SMALL, &Overrides::default()).unwrap();
    assert_eq!((scenario.name.as_str(), scenario.seed), ("small", 0));
    let names: Vec<&str> = scenario.cluster.pools.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["b", "a"]);
    let pool = &scenario.cluster.pools[0];
    assert_eq!(pool.gpus.unwrap().island, Island::Gpus(8));
    assert_eq!((pool.cpu_milli, pool.mem_bytes, pool.nodes_per_rack), (None, None, None));
    assert_eq!(pool.price.micros(), 2_000_000);
    assert_eq!(scenario.prices, [PriceSource::Given, PriceSource::NoGpus]);
    assert_eq!(scenario.workload.source, trace("dir/t.csv"));
    assert_eq!(scenario.workload.discard, [RecordedState::Failed]);
    assert_eq!(scenario.measure, Measure::default());
    assert_eq!(scenario.policy.entry.name, "sjf");
    assert!(scenario.policy.params.bool_or("skip", false));
    assert_eq!(scenario.notices, Vec::<String>::new());
}

#[test]
fn arguments_change_the_scenario() {
    let overrides = Overrides {
        unset: Vec::new(),
        set: ["cluster.pools.b.nodes=6", "measure.warmup=30m", "cluster.gpus.h100-sxm.power_w = 650"]
            .map(str::to_owned)
            .to_vec(),
        trace: Some("other.csv.gz".into()),
        seed: Some(u64::MAX),
        until: Some("2d".to_owned()),
        policy: None,
        axis: Vec::new(),
    };
    let scenario = read(SMALL, &overrides).unwrap();
    assert_eq!(scenario.cluster.pools[0].nodes, 6);
    assert_eq!(scenario.cluster.gpu_types[0].power_w, Some(650));
    assert_eq!(scenario.measure.warmup, Span::from_seconds(1800));
    assert_eq!(scenario.measure.until, Some(Time::ZERO.after(Span::from_seconds(172_800))));
    assert_eq!(scenario.workload.source, trace("other.csv.gz"));
    assert_eq!(scenario.seed, u64::MAX);
}

#[test]
fn another_policy_keeps_the_keys_that_it_has_too() {
    for overrides in [Overrides { policy: Some("fifo".to_owned()), ..Overrides::default() }, set(&["policy=fifo"])] {
        let scenario = read(SMALL, &overrides).unwrap();
        assert_eq!(scenario.policy.entry.name, "fifo");
        assert_eq!(scenario.policy.params.text_or("placement", "pack"), "spread");
        assert_eq!(scenario.policy.params.value("skip"), None);
        assert!(scenario.notices[0].ends_with("policy `fifo` does not have `skip` of `sjf`; dropped"));
    }
    let scenario = read(SMALL, &set(&["policy.conservative-backfill.replan=true"])).unwrap();
    assert_eq!(scenario.policy.entry.name, "conservative-backfill");
    assert!(scenario.policy.params.bool_or("replan", false));
    assert_eq!(scenario.policy.params.text_or("placement", "pack"), "spread");
}

#[test]
fn a_policy_can_be_a_bare_name() {
    let text = SMALL.replace("[policy.sjf]\nskip = true\nplacement = \"spread\"", "");
    let scenario = read(&format!("policy = \"gang\"\n{text}"), &Overrides::default()).unwrap();
    assert_eq!(scenario.policy.entry.name, "gang");
}

#[test]
fn of_two_ways_to_price_a_set_one_wins() {
    let owned = "cluster.pools.b.owned={ capex = 40000, power_kw = 1.275, pue = 1.3 }";
    let scenario = read(SMALL, &set(&[owned])).unwrap();
    assert_eq!(scenario.cluster.pools[0].price.micros(), 1_241_003);
    assert!(matches!(scenario.prices[0], PriceSource::Owned(_)));
    assert_eq!(scenario.notices.len(), 1);
}

#[test]
fn prices_come_from_the_catalog_with_a_notice_where_none_is_given() {
    let scenario = read(&SMALL.replace("price = 2\n", ""), &Overrides::default()).unwrap();
    assert_eq!(scenario.cluster.pools[0].price.micros(), 2_950_000);
    assert!(scenario.notices[0].contains("$2.95/gpu-h (Nebius"), "{}", scenario.notices[0]);
    let own = SMALL.replace("price = 2\n", "").replace("h100-sxm", "G2") + "\n[cluster.gpus.G2]\n";
    let scenario = read(&own, &Overrides::default()).unwrap();
    assert_eq!(scenario.prices[0], PriceSource::Unknown);
    assert!(scenario.notices[0].contains("count as $0"), "{}", scenario.notices[0]);
    let priced = own + "price = \"$1/gpu-h\"\n";
    let scenario = read(&priced, &Overrides::default()).unwrap();
    assert_eq!((scenario.prices[0].clone(), scenario.notices.len()), (PriceSource::Given, 0));
}

#[test]
fn variants_are_whole_scenarios_on_top_of_the_arguments() {
    let text = format!(
        "{SMALL}\n[[variant]]\nname = \"more\"\nset = {{ \"cluster.pools.b.nodes\" = 24 }}\n\
         [[variant]]\nname = \"fifo\"\nset = {{ policy = \"fifo\", cluster.pools.b.price = 3 }}\n"
    );
    let scenario = read(&text, &set(&["seed=9"])).unwrap();
    let [more, fifo] = scenario.variants.as_slice() else { panic!("two variants") };
    assert_eq!((more.name.as_str(), more.scenario.cluster.pools[0].nodes, more.scenario.seed), ("more", 24, 9));
    assert_eq!(fifo.scenario.policy.entry.name, "fifo");
    assert_eq!(fifo.scenario.cluster.pools[0].price.micros(), 3_000_000);
    assert_eq!(scenario.cluster.pools[0].nodes, 4);
}

#[test]
fn harmless_oddities_are_read() {
    let odd = format!("\u{feff}{}", SMALL.replace('\n', "\r\n"));
    assert_eq!(read(&odd, &Overrides::default()).unwrap(), read(SMALL, &Overrides::default()).unwrap());
}

#[test]
fn every_scenario_that_comes_with_the_project_loads() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files = [folder.join("check"), folder].into_iter().flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let mut count = 0;
    for path in files.map(|file| file.unwrap().path()).filter(|path| path.extension().is_some_and(|end| end == "toml"))
    {
        if let Err(problems) = load(&path, &Overrides::default()) {
            panic!("{problems}");
        }
        count += 1;
    }
    assert!(count >= 4);
}
