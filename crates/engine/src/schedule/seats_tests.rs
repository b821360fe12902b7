//! Who gets how much of the seats, played through without a clock: a step is one slice of fuel for everyone
//! who has a seat.

use super::*;

const SLICE: Duration = Duration::from_micros(80);

struct Guest {
    share: FairShare,
    place: Arc<Waiter>,
    turn: Duration,
    got: Duration,
}

struct Play {
    seats: Seats,
    guests: Vec<Guest>,
}

impl Play {
    fn new(seats: usize) -> Play {
        Play { seats: Seats::new(seats), guests: Vec::new() }
    }

    fn enter(&mut self, share: &FairShare) -> usize {
        let place = Arc::new(Waiter::default());
        self.seats.enter(share, &place);
        self.guests.push(Guest { share: share.clone(), place, turn: Duration::ZERO, got: Duration::ZERO });
        self.guests.len() - 1
    }

    fn enter_many(&mut self, count: usize, share: &FairShare) {
        for _ in 0..count {
            self.enter(share);
        }
    }

    fn has_seat(&self, guest: usize) -> bool {
        self.guests[guest].place.seated.load(Ordering::Relaxed)
    }

    fn step(&mut self) {
        let seated: Vec<usize> = (0..self.guests.len()).filter(|guest| self.has_seat(*guest)).collect();
        for index in seated {
            let guest = &mut self.guests[index];
            guest.got += SLICE;
            guest.turn += SLICE;
            guest.place.has_had(guest.got);
            if self.seats.are_wanted() && !self.seats.may_go_on(&guest.share, &guest.place, SLICE, guest.turn)
            {
                guest.turn = Duration::ZERO;
            }
        }
    }

    fn steps(&mut self, count: usize) {
        (0..count).for_each(|_| self.step());
    }

    fn got(&self, share: &FairShare) -> f64 {
        self.guests.iter().filter(|guest| guest.share.is(share)).map(|guest| guest.got.as_secs_f64()).sum()
    }

    fn lend(&self, index: usize, computes: bool) {
        let guest = &self.guests[index];
        self.seats.lend(&guest.share, &guest.place, computes);
    }

    fn exit(&mut self, index: usize) {
        let guest = &self.guests[index];
        self.seats.exit(&guest.share, &guest.place, Duration::ZERO);
    }
}

fn close(found: f64, expected: f64) -> bool {
    (found / expected - 1.0).abs() < 0.05
}

#[test]
fn a_share_counts_and_not_its_guests() {
    let (many, few) = (FairShare::new(1), FairShare::new(1));
    let mut play = Play::new(2);
    play.enter_many(64, &many);
    play.steps(1000);
    play.enter_many(2, &few);
    let before = play.got(&many);
    play.steps(20_000);
    let ratio = play.got(&few) / (play.got(&many) - before);
    assert!(close(ratio, 1.0), "two guests got {ratio} of what 64 got");
}

#[test]
fn weights_are_shares() {
    let (heavy, light) = (FairShare::new(3), FairShare::new(1));
    let mut play = Play::new(2);
    play.enter_many(8, &light);
    play.enter_many(8, &heavy);
    play.steps(20_000);
    let ratio = play.got(&heavy) / play.got(&light);
    assert!(close(ratio, 3.0), "weight 3 got {ratio} times what weight 1 got");
}

#[test]
fn a_weight_that_changes_counts_from_then_on_and_what_was_given_before_stays() {
    let (one, other) = (FairShare::new(1), FairShare::new(1));
    let mut play = Play::new(2);
    play.enter_many(8, &one);
    play.enter_many(8, &other);
    play.steps(10_000);
    let before = (play.got(&one), play.got(&other));
    one.set_weight(3);
    play.steps(20_000);
    let ratio = (play.got(&one) - before.0) / (play.got(&other) - before.1);
    assert!(close(ratio, 3.0), "with weight 3 it got {ratio} times what the other got");
    one.set_weight(0);
    assert_eq!(one.weight(), 1);
    one.set_weight(u32::MAX);
    assert_eq!(one.weight(), FairShare::MAX_WEIGHT);
}

#[test]
fn who_was_away_is_not_paid_back() {
    let (busy, away) = (FairShare::new(1), FairShare::new(1));
    let mut play = Play::new(1);
    play.enter_many(4, &busy);
    play.steps(50_000);
    play.enter_many(4, &away);
    let before = play.got(&busy);
    play.steps(10_000);
    let ratio = play.got(&away) / (play.got(&busy) - before);
    assert!(close(ratio, 1.0), "who came late got {ratio} of what the other got");
}

#[test]
fn who_cannot_use_its_share_does_not_save_it_up() {
    let (one_guest, many) = (FairShare::new(3), FairShare::new(1));
    let mut play = Play::new(2);
    play.enter(&one_guest);
    play.enter_many(8, &many);
    play.steps(50_000);
    assert!(close(play.got(&one_guest) / play.got(&many), 1.0), "one guest fills one of two seats");
    play.enter_many(8, &one_guest);
    let before = (play.got(&one_guest), play.got(&many));
    play.steps(5_000);
    let ratio = (play.got(&one_guest) - before.0) / (play.got(&many) - before.1);
    assert!((2.7..3.4).contains(&ratio), "with more guests it got {ratio} times the other's, by weight 3");
}

#[test]
fn a_short_execution_of_another_share_is_seated_after_one_slice() {
    let (loops, short) = (FairShare::new(1), FairShare::new(1));
    let mut play = Play::new(2);
    play.enter_many(64, &loops);
    play.steps(5000);
    for round in 0..100 {
        let guest = play.enter(&short);
        play.step();
        assert!(play.has_seat(guest), "it still waits in round {round}");
        play.step();
        play.exit(guest);
        play.guests.pop();
        play.steps(30);
    }
}

#[test]
fn a_short_execution_goes_before_long_ones_of_its_own_share_but_not_always() {
    let share = FairShare::new(1);
    let mut play = Play::new(1);
    let long: Vec<usize> = (0..4).map(|_| play.enter(&share)).collect();
    play.steps(1000);
    let short = play.enter(&share);
    // One pick in four is a long one's, for a slice.
    play.steps(2);
    assert!(play.has_seat(short));
    play.exit(short);
    play.guests.pop();
    // A stream of new ones, each as long as ten slices.
    let before: f64 = long.iter().map(|guest| play.guests[*guest].got.as_secs_f64()).sum();
    for _ in 0..400 {
        let guest = play.enter(&share);
        play.steps(10);
        play.exit(guest);
        play.guests.pop();
    }
    let got = long.iter().map(|guest| play.guests[*guest].got.as_secs_f64()).sum::<f64>() - before;
    assert!(got > 0.09 * 4000.0 * SLICE.as_secs_f64(), "the long ones got {got} s");
}

#[test]
fn of_many_long_ones_a_few_are_finished_at_a_time() {
    const WORK: Duration = Duration::from_millis(1300);
    let share = FairShare::new(1);
    let mut play = Play::new(2);
    play.enter_many(40, &share);
    let (mut ends, mut step) = (Vec::new(), 0_u32);
    while ends.len() < 40 {
        play.step();
        step += 1;
        while let Some(done) = play.guests.iter().position(|guest| guest.got >= WORK) {
            play.exit(done);
            play.guests.remove(done);
            ends.push(step);
        }
        assert!(step < 1_000_000, "{} of 40 have ended", ends.len());
    }
    // No seat was ever empty, and half of them have ended well before the last: in equal slices all would end
    // together.
    let all = WORK.as_secs_f64() * 20.0 / SLICE.as_secs_f64();
    assert!(close(f64::from(step), all), "{step} steps and not {all}");
    assert!(f64::from(ends[19]) < 0.72 * all, "the half had ended after {} of {all} steps", ends[19]);
}

#[test]
fn who_was_interrupted_goes_on_before_its_equals() {
    let share = FairShare::new(1);
    let mut play = Play::new(1);
    let (first, second) = (play.enter(&share), play.enter(&share));
    // Both have had enough to be long; one is in the middle of its turn.
    play.steps(20_000);
    let (seated, waits) = if play.has_seat(first) { (first, second) } else { (second, first) };
    let before = play.guests[waits].got;
    for _ in 0..50 {
        let short = play.enter(&share);
        play.steps(2);
        play.exit(short);
        play.guests.pop();
        play.steps(2);
        assert!(play.has_seat(seated));
    }
    assert_eq!(play.guests[waits].got, before);
}

#[test]
fn seats_and_waits_are_given_back() {
    let share = FairShare::new(1);
    let mut play = Play::new(1);
    let (seated, second, third) = (play.enter(&share), play.enter(&share), play.enter(&share));
    play.exit(second);
    play.exit(seated);
    assert!(play.has_seat(third) && !play.seats.are_wanted());
    play.exit(third);
    assert_eq!((play.seats.guests(), play.seats.lock().free), (0, 1));
}

#[test]
fn time_that_nobody_else_wants_is_free() {
    let (alone, other) = (FairShare::new(1), FairShare::new(1));
    let mut play = Play::new(2);
    play.enter(&alone);
    play.enter(&other);
    play.steps(1000);
    assert_eq!((alone.virtual_time(), other.virtual_time()), (0.0, 0.0));
}

#[test]
fn a_seat_that_was_lent_is_not_given_back_twice() {
    let mut play = Play::new(1);
    let share = FairShare::new(1);
    let stuck = play.enter(&share);
    let (first, second) = (play.enter(&share), play.enter(&share));
    let place = Arc::clone(&play.guests[stuck].place);
    play.seats.lend(&share, &place, true);
    play.seats.lend(&share, &place, true);
    assert!(play.has_seat(first) && !play.has_seat(second), "one more guest computes, and not two");
    // It comes back: it has to wait, and takes nobody's seat.
    assert!(!play.seats.may_go_on(&share, &place, SLICE, SLICE));
    assert!(!play.has_seat(stuck) && !play.has_seat(second));
    play.seats.exit(&share, &Arc::clone(&play.guests[first].place), SLICE);
    assert_eq!([stuck, second].iter().filter(|guest| play.has_seat(**guest)).count(), 1);
}

#[test]
fn a_guest_that_ends_after_its_seat_was_lent_leaves_as_many_seats() {
    let mut play = Play::new(1);
    let share = FairShare::new(1);
    let stuck = play.enter(&share);
    play.lend(stuck, true);
    play.seats.exit(&share, &Arc::clone(&play.guests[stuck].place), SLICE);
    let (first, second) = (play.enter(&share), play.enter(&share));
    assert!(play.has_seat(first) && !play.has_seat(second));
}

#[test]
fn two_guests_of_a_share_compute_beside_lent_seats_and_then_seats_are_for_others() {
    let mut play = Play::new(2);
    let (share, other) = (FairShare::new(1), FairShare::new(1));
    play.enter_many(6, &share);
    play.lend(0, true);
    play.lend(1, true);
    assert!(
        play.has_seat(2) != play.has_seat(3),
        "the seat of the second one is nobody's: its share has two beside"
    );
    let seated = if play.has_seat(2) { 2 } else { 3 };
    let stranger = play.enter(&other);
    assert!(play.has_seat(stranger), "it is for others");
    // Nor do seats that come free go to its share.
    play.exit(seated);
    let late = play.enter(&share);
    let second = play.enter(&other);
    assert!(play.has_seat(second) && !play.has_seat(late));
    play.exit(second);
    assert_eq!(play.seats.lock().free, 1);
    // One of them comes back, and has to wait like all others: one of its share has the seat.
    let place = Arc::clone(&play.guests[0].place);
    play.seats.may_go_on(&share, &place, SLICE, SLICE);
    assert_eq!(play.seats.lock().free, 0);
    assert_eq!((2..6).filter(|guest| *guest != seated && play.has_seat(*guest)).count(), 1);
}

#[test]
fn guests_that_wait_for_the_system_keep_nobody_from_a_seat() {
    let mut play = Play::new(1);
    let share = FairShare::new(1);
    play.enter_many(6, &share);
    for guest in 0..5 {
        play.lend(
            (0..6).find(|guest| play.has_seat(*guest) && !play.guests[*guest].place.is_lent()).unwrap(),
            false,
        );
        assert_eq!((0..6).filter(|guest| play.has_seat(*guest)).count(), guest + 2);
    }
}

#[test]
fn who_was_stopped_without_a_seat_gives_none_back_and_takes_one_for_what_is_left() {
    let share = FairShare::new(1);
    let mut play = Play::new(1);
    let (sleeper, other, third) = (play.enter(&share), play.enter(&share), play.enter(&share));
    let ends = |play: &Play, guest: usize| {
        play.seats.exit(&play.guests[guest].share, &play.guests[guest].place, SLICE);
    };
    // It sleeps, and is stopped.
    play.seats.stand_up(&share, &play.guests[sleeper].place, SLICE);
    assert!(play.has_seat(other) && !play.has_seat(third));
    play.seats.stand_up(&share, &play.guests[sleeper].place, SLICE);
    assert!(!play.has_seat(third), "there is one seat");
    // What is left of it waits like others, once.
    for _ in 0..2 {
        play.seats.come_back_from_anywhere(&share, &play.guests[sleeper].place);
    }
    ends(&play, other);
    assert!(play.has_seat(third) && !play.has_seat(sleeper));
    ends(&play, third);
    assert!(play.has_seat(sleeper));
    play.seats.come_back_from_anywhere(&share, &play.guests[sleeper].place);
    ends(&play, sleeper);
    assert_eq!((play.seats.lock().free, play.seats.guests(), play.seats.are_wanted()), (1, 0, false));
}
