use super::*;
use crate::physics::{Checkpointing, Pauses};

const ONE: Crew = Crew { held: 1, pace: 1, all: 1 };

fn at(t: u64) -> Time {
    Time::from_micros(t)
}

fn plan(speed: f64, checkpointing: Option<Checkpointing>) -> Plan {
    let pauses = Pauses { startup: Span::from_micros(3), restart: Span::from_micros(2) };
    Plan { pauses, speed: Speed::of_share(speed), intake: Intake::FREE, checkpointing }
}

fn play(life: &mut Life) -> (Time, Turn) {
    loop {
        let now = life.next().at;
        let turn = life.turn(now.into());
        if turn != Turn::Changed {
            return (now, turn);
        }
    }
}

/// 4 units x 10 of work; 2 run in [0, 6), 3 from 6 on: 12 done, 28 left, ceil(28/3) = 10 more.
#[test]
fn work_is_done_in_proportion_to_the_units() {
    let plan = Plan { pauses: Pauses::default(), ..plan(1.0, None) };
    let mut life =
        Life::start(plan, Remainder::Whole(Span::from_micros(10)), Crew { held: 2, pace: 2, all: 4 }, at(0), Time::MAX);
    assert_eq!(life.next().at, at(20));
    life.grow(at(6).into(), Crew { held: 3, pace: 3, all: 4 }, &plan);
    assert_eq!(play(&mut life), (at(16), Turn::Finished));
}

/// Two units have done 12 of 20 at 9, 8 since the checkpoint at 5; one goes on at 11 with the 16 left.
#[test]
fn who_loses_units_goes_on_from_the_checkpoint() {
    let checkpoints = Some(Checkpointing { every: Span::from_micros(2), cost: Span::ZERO, write: None });
    let two = Crew { held: 2, pace: 2, all: 2 };
    let mut life = Life::start(plan(1.0, checkpoints), Remainder::Whole(Span::from_micros(10)), two, at(0), Time::MAX);
    for t in [3, 5] {
        assert_eq!((life.next().at, life.turn(at(t).into())), (at(t), Turn::Changed));
    }
    life.plan.checkpointing = None;
    let lost = life.shrink(at(9).into(), Crew { held: 1, pace: 1, all: 2 }, plan(1.0, None));
    assert_eq!(lost.iter().map(|s| (s.to.since(s.from).micros(), s.units)).collect::<Vec<_>>(), [(4, 2)]);
    assert_eq!(life.posting(), Posting::Whole(Leaf::Restart));
    assert_eq!(play(&mut life), (at(9 + 2 + 16), Turn::Finished));
}

/// 3 to start up, 70 at 0.7 are 100; looking in between changes nothing.
#[test]
fn an_irrelevant_event_changes_no_end() {
    let start = || Life::start(plan(0.7, None), Remainder::Whole(Span::from_micros(70)), ONE, at(0), Time::MAX);
    let mut undisturbed = start();
    assert_eq!(play(&mut undisturbed), (at(103), Turn::Finished));
    let mut disturbed = start();
    assert_eq!(disturbed.turn(at(3).into()), Turn::Changed);
    for t in 4..100 {
        disturbed.grow(at(t).into(), ONE, &plan(0.7, None));
    }
    assert_eq!(play(&mut disturbed), (at(103), Turn::Finished));
}

/// Work 10 with a checkpoint every 4 that costs 1: 3 + 4 + 1 + 4 + 1 + 2 = 15. A stop at 14 falls back to 8 done.
#[test]
fn checkpoints_cost_time_and_save_work() {
    let checkpoints = Some(Checkpointing { every: Span::from_micros(4), cost: Span::from_micros(1), write: None });
    let start = || Life::start(plan(1.0, checkpoints), Remainder::Whole(Span::from_micros(10)), ONE, at(0), Time::MAX);
    assert_eq!(play(&mut start()), (at(15), Turn::Finished));
    let mut stopped = start();
    for t in [3, 7, 8, 12, 13] {
        assert_eq!((stopped.next().at, stopped.turn(at(t).into())), (at(t), Turn::Changed));
    }
    let (left, lost) = stopped.fall_back(at(14).into());
    assert_eq!(left, work(1, Span::from_micros(2)));
    assert_eq!(lost.iter().map(|s| s.to.since(s.from).micros()).sum::<u64>(), 1);
}

/// Told at 8 to go, after 5 of 10: a checkpoint of 2 ends at 10 and keeps them; where there is time for 1, none is kept.
#[test]
fn a_notice_leaves_time_for_a_checkpoint() {
    let checkpoints = Some(Checkpointing { every: Span::from_micros(90), cost: Span::from_micros(2), write: None });
    for (until, leaves, left) in [(Time::MAX, 10, 5), (at(9), 9, 10)] {
        let whole = Remainder::Whole(Span::from_micros(10));
        let mut life = Life::start(plan(1.0, checkpoints), whole, ONE, at(0), Time::MAX);
        assert_eq!(life.turn(at(3).into()), Turn::Changed);
        life.give_notice(at(8).into(), Notice { until, saves: true });
        assert_eq!(play(&mut life), (at(leaves), Turn::Left));
        assert_eq!(life.fall_back(at(leaves).into()).0, work(1, Span::from_micros(left)));
    }
}

/// Without a checkpoint it goes on, and may be done before its time is over; in its start-up there is nothing to save.
#[test]
fn a_notice_lets_a_job_go_on() {
    let noticed = |now, until, saves| {
        let whole = Remainder::Whole(Span::from_micros(10));
        let mut life = Life::start(plan(1.0, None), whole, ONE, at(0), Time::MAX);
        if now >= 3 {
            assert_eq!(life.turn(at(3).into()), Turn::Changed);
        }
        life.give_notice(at(now).into(), Notice { until: at(until), saves });
        play(&mut life)
    };
    assert_eq!(noticed(8, 12, false), (at(12), Turn::Left));
    assert_eq!(noticed(8, 14, false), (at(13), Turn::Finished));
    assert_eq!(noticed(1, 14, false), (at(13), Turn::Finished));
    assert_eq!(noticed(1, 14, true), (at(1), Turn::Left));
    assert_eq!(noticed(8, 14, true), (at(8), Turn::Left));
}

#[test]
fn the_walltime_ends_what_is_not_done() {
    let start = |latest| Life::start(plan(1.0, None), Remainder::Whole(Span::from_micros(10)), ONE, at(0), at(latest));
    assert_eq!(play(&mut start(13)), (at(13), Turn::Finished));
    assert_eq!(play(&mut start(12)), (at(12), Turn::Killed));
    assert_eq!(play(&mut start(2)), (at(2), Turn::Killed));
}
