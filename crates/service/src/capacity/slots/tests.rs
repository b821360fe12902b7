//! Who gets a slot, who waits, who is refused.

use super::*;
use crate::config::ServiceConfig;
use crate::tenants::TenantConfig;
use futures_util::FutureExt;

const NEED: MemoryDemand = MemoryDemand { request: 1, guest: 9, most: 9 };

fn slots(slots: usize, change: impl FnOnce(&mut Bounds)) -> Arc<Slots> {
    let mut bounds = Bounds {
        slots,
        memory: 1 << 30,
        waiting: 100,
        queue_timeout: Duration::from_secs(60),
        several: false.into(),
    };
    change(&mut bounds);
    Slots::new(bounds)
}

fn tenant(name: &str, change: impl FnOnce(&mut TenantConfig)) -> Tenant {
    let mut config = ServiceConfig::default();
    let mut tenant = config.tenant(name);
    change(&mut tenant);
    config.tenants.push(tenant);
    crate::tenants::registry::Tenants::new(config.tenants, None).get(name).unwrap()
}

fn take(slots: &Arc<Slots>, tenant: &Tenant) -> Option<Result<Slot, Error>> {
    slots.take(tenant, NEED, None, None).now_or_never()
}

#[tokio::test]
async fn places_are_bounded_and_given_back() {
    let slots = slots(1, |_| {});
    let one = tenant("one", |tenant| tenant.queue = 1);
    let running = take(&slots, &one).unwrap().unwrap();
    let mut waiting = Box::pin(slots.take(&one, NEED, None, None));
    assert!(waiting.as_mut().now_or_never().is_none());
    assert_eq!((slots.running(), slots.waiting()), (1, 1));
    let refused = take(&slots, &one).unwrap().unwrap_err().to_string();
    assert_eq!(
        refused,
        "the queue is full: 1 executions run and 1 requests wait already: try again in 100 ms"
    );
    drop(waiting);
    assert_eq!(slots.waiting(), 0);
    let mut waiting = Box::pin(slots.take(&one, NEED, None, None));
    assert!(waiting.as_mut().now_or_never().is_none());
    slots.drain(Duration::from_secs(60));
    assert!(matches!(take(&slots, &one), Some(Err(Error::Draining))));
    drop(running);
    assert!(waiting.await.is_ok(), "who waited before the drain is served");
    let part =
        |seconds| slots.take(&one, NEED, None, Some(Duration::from_secs(seconds))).now_or_never().unwrap();
    assert!(part(50).is_ok(), "a part of what was accepted, which ends before the longest of those that run");
    assert!(matches!(part(61), Err(Error::Draining)), "it would be cut off");
    let state = slots.lock();
    assert_eq!((state.free, state.memory, state.queues.len()), (1, 1 << 30, 0));
}

#[tokio::test]
async fn a_slot_that_was_granted_to_someone_who_left_goes_to_the_next() {
    let slots = slots(1, |_| {});
    let one = tenant("one", |_| {});
    let running = take(&slots, &one).unwrap().unwrap();
    let mut leaves = Box::pin(slots.take(&one, NEED, None, None));
    let mut stays = Box::pin(slots.take(&one, NEED, None, None));
    assert!(leaves.as_mut().now_or_never().is_none() && stays.as_mut().now_or_never().is_none());
    drop(running);
    drop(leaves);
    assert!(stays.as_mut().now_or_never().is_some());
    assert_eq!((slots.running(), slots.waiting()), (0, 0));
}

#[tokio::test]
async fn no_tenant_takes_all_slots_from_the_others() {
    let slots = slots(32, |bounds| bounds.several = true.into());
    let (greedy, second, third) = (tenant("a", |_| {}), tenant("b", |_| {}), tenant("c", |_| {}));
    let mut held = Vec::new();
    let mut fill = |tenant: &Tenant| {
        let before = held.len();
        while let Some(slot) = take(&slots, tenant) {
            held.push(slot.unwrap());
        }
        held.len() - before
    };
    assert_eq!((fill(&greedy), fill(&second), fill(&third)), (24, 6, 1));
}

#[tokio::test]
async fn freed_slots_go_to_who_has_fewest_for_its_weight() {
    let slots = slots(4, |_| {});
    let (heavy, light) = (tenant("h", |tenant| tenant.weight = 3), tenant("l", |_| {}));
    let mut held: Vec<Slot> = (0..4).map(|_| take(&slots, &light).unwrap().unwrap()).collect();
    let mut lights: Vec<_> = (0..8).map(|_| Box::pin(slots.take(&light, NEED, None, None))).collect();
    let mut heavies: Vec<_> = (0..8).map(|_| Box::pin(slots.take(&heavy, NEED, None, None))).collect();
    lights.iter_mut().for_each(|waiting| assert!(waiting.as_mut().now_or_never().is_none()));
    heavies.iter_mut().for_each(|waiting| assert!(waiting.as_mut().now_or_never().is_none()));
    held.clear();
    let served = |waiting: &mut [std::pin::Pin<Box<_>>]| waiting.iter_mut().filter_map(served_now).count();
    fn served_now<F: Future<Output = Result<Slot, Error>>>(
        waiting: &mut std::pin::Pin<Box<F>>,
    ) -> Option<()> {
        // Kept: a slot that is dropped goes to the next.
        std::mem::forget(waiting.as_mut().now_or_never()?.unwrap());
        Some(())
    }
    assert_eq!((served(&mut heavies), served(&mut lights)), (3, 1));
    std::mem::forget((heavies, lights));
}

#[tokio::test]
async fn memory_is_set_aside_before_anything_runs() {
    let slots = slots(8, |bounds| bounds.memory = 27);
    let one = tenant("one", |_| {});
    let first = take(&slots, &one).unwrap().unwrap();
    let second = take(&slots, &one).unwrap().unwrap();
    let mut third = Box::pin(slots.take(&one, NEED, None, None));
    assert!(third.as_mut().now_or_never().is_none(), "there are slots but 7 bytes");
    let much = MemoryDemand { request: 5, guest: 1, most: 1 };
    let refused = slots.take(&one, much, None, None).now_or_never().unwrap().unwrap_err().to_string();
    assert!(
        refused.starts_with("the memory for requests that wait is taken: 2 executions run and 1"),
        "{refused}"
    );
    let never = MemoryDemand { request: 1, guest: 15, most: 15 };
    let refused = slots.take(&one, never, None, None).now_or_never().unwrap().unwrap_err().to_string();
    assert_eq!(
        refused,
        "limits allow 16 bytes in all, with output, result, files and the request, the server has 13 bytes for one execution: ask for less by limits.memory_bytes, or give the server more memory"
    );
    drop(first);
    assert!(third.as_mut().now_or_never().is_some());
    drop(second);
}

#[tokio::test]
async fn a_tenant_whose_guests_have_all_its_memory_may_wait_for_more() {
    let slots = slots(8, |bounds| (bounds.memory, bounds.several) = (100, true.into()));
    let one = tenant("one", |_| {});
    let held: Vec<Slot> = std::iter::from_fn(|| take(&slots, &one).map(Result::unwrap)).take(8).collect();
    assert!(slots.lock().memory >= 20, "the next tenant finds some");
    let mut waiting = Box::pin(slots.take(&one, NEED, None, None));
    assert!(waiting.as_mut().now_or_never().is_none());
    drop(held);
    assert!(waiting.await.is_ok());
    assert_eq!((slots.lock().memory, one.0.waiting.load(Relaxed), one.0.memory.load(Relaxed)), (100, 0, 0));
}

#[tokio::test]
async fn memory_beside_slots_is_shared_by_itself_whatever_a_tenants_guests_have() {
    let slots = slots(10, |bounds| (bounds.memory, bounds.several) = (1600, true.into()));
    let (one, two) = (tenant("one", |_| {}), tenant("two", |_| {}));
    let guest =
        |guest| slots.take(&one, MemoryDemand { request: 0, guest, most: guest }, None, None).now_or_never();
    // As many guests as it may have: three quarters of the memory.
    let _guests: Vec<_> = std::iter::from_fn(|| guest(100)).map(Result::unwrap).collect();
    // A sixteenth is for answers and batches, and of that it gets three quarters at most.
    let mut kept: Vec<_> = std::iter::from_fn(|| slots.reserve(&one, 10).ok()).collect();
    assert_eq!(kept.len(), 7, "of 100, three times of what is left");
    assert!(slots.reserve(&two, 10).is_ok());
    kept[0].shrink(0);
    assert!(slots.reserve(&one, 10).is_ok());
    drop(kept);
    assert_eq!(slots.lock().reserved.taken, 0);
    assert_eq!(one.0.reserved.load(Relaxed), 0);
}

#[tokio::test]
async fn no_request_waits_beyond_its_queue_timeout_or_deadline() {
    let slots = slots(1, |bounds| bounds.queue_timeout = Duration::from_millis(40));
    let one = tenant("one", |_| {});
    let _running = take(&slots, &one).unwrap().unwrap();
    let refused = slots.take(&one, NEED, None, None).await.unwrap_err().to_string();
    assert!(refused.starts_with("no slot was free within"), "{refused}");
    let deadline = Instant::now() + Duration::from_millis(20);
    assert!(matches!(slots.take(&one, NEED, Some(deadline), None).await, Err(Error::Busy { .. })));
    assert_eq!((slots.running(), slots.waiting()), (1, 0));
}

#[tokio::test]
async fn who_cannot_be_served_in_time_is_refused_at_once() {
    let slots = slots(1, |_| {});
    let one = tenant("one", |_| {});
    let running = take(&slots, &one).unwrap().unwrap();
    let mut waiting: Vec<_> = (0..3).map(|_| Box::pin(slots.take(&one, NEED, None, None))).collect();
    waiting.iter_mut().for_each(|place| assert!(place.as_mut().now_or_never().is_none()));
    std::thread::sleep(Duration::from_millis(50));
    drop(running);
    let soon = Instant::now() + Duration::from_millis(60);
    let refused = slots.take(&one, NEED, Some(soon), None).now_or_never().unwrap().unwrap_err().to_string();
    assert!(refused.starts_with("a slot is expected in "), "{refused}");
    let later = Instant::now() + Duration::from_secs(60);
    assert!(slots.take(&one, NEED, Some(later), None).now_or_never().is_none(), "it waits");
}

#[tokio::test]
async fn requests_on_their_way_get_their_part_and_no_tenant_gets_all_of_it() {
    let slots = slots(8, |bounds| (bounds.memory, bounds.several) = (1600, true.into()));
    let (one, other) = (tenant("one", |_| {}), tenant("other", |_| {}));
    let held = slots.receive(&one, 75).unwrap();
    let refused = slots.receive(&one, 1).unwrap_err().to_string();
    assert!(refused.starts_with("the memory for requests that are being received is taken"), "{refused}");
    drop(slots.receive(&other, 18).unwrap());
    assert!(slots.receive(&other, 26).is_err(), "a sixteenth in all");
    drop(held);
    drop(slots.receive(&other, 300).expect("one alone may be larger"));
    assert_eq!(slots.level().set_aside, 0);
}

#[tokio::test]
async fn answers_are_never_refused_and_what_they_owe_is_paid_before_anybody_gets_in() {
    let slots = slots(8, |bounds| bounds.memory = 100);
    let one = tenant("one", |_| {});
    let (first, second) = (slots.send(&one, 90), slots.send(&one, 60));
    assert_eq!(slots.level().set_aside, 150);
    assert!(slots.receive(&one, 1).is_err());
    assert!(take(&slots, &one).unwrap().is_err(), "nor a request");
    drop(second);
    assert_eq!(slots.level().set_aside, 90);
    assert!(take(&slots, &one).is_some_and(|taken| taken.is_ok()));
    drop(first);
    assert_eq!((slots.level().set_aside, one.0.memory.load(Relaxed)), (0, 0));
}

#[tokio::test]
async fn requests_that_wait_never_take_the_memory_that_the_first_of_them_waits_for() {
    let slots = slots(8, |bounds| bounds.memory = 1600);
    let one = tenant("one", |tenant| tenant.queue = 100);
    let running = slots
        .take(&one, MemoryDemand { request: 0, guest: 1300, most: 1300 }, None, None)
        .now_or_never()
        .unwrap()
        .unwrap();
    // The largest that is ever let in, and as many behind it as may come.
    let mut first =
        Box::pin(slots.take(&one, MemoryDemand { request: 0, guest: 1300, most: 1300 }, None, None));
    assert!(first.as_mut().now_or_never().is_none());
    let many = || slots.take(&one, MemoryDemand { request: 30, guest: 30, most: 30 }, None, None);
    let mut behind: Vec<_> = (0..20).map(|_| Box::pin(many())).collect();
    let refused = behind.iter_mut().filter_map(|one| one.as_mut().now_or_never()).count();
    assert_eq!(refused, 17, "three are a sixteenth of the memory");
    // The other shares are taken, too.
    let _kept = slots.reserve(&one, 100).unwrap();
    let _received = slots.receive(&one, 100).unwrap();
    drop(running);
    assert!(first.as_mut().now_or_never().is_some_and(|slot| slot.is_ok()));
}

#[tokio::test]
async fn a_tenant_whose_answers_lie_unread_waits_and_the_others_do_not() {
    let slots = slots(8, |bounds| (bounds.memory, bounds.several) = (1600, true.into()));
    let (one, other) = (tenant("one", |_| {}), tenant("other", |_| {}));
    let unread = [slots.send(&one, 150), slots.send(&one, 51)];
    let mut waiting = Box::pin(slots.take(&one, NEED, None, None));
    assert!(waiting.as_mut().now_or_never().is_none(), "more than an eighth lies unread");
    assert!(slots.send_again(&one, 1).is_err());
    assert!(take(&slots, &other).is_some_and(|taken| taken.is_ok()));
    assert!(slots.send_again(&other, 200).is_ok());
    assert!(waiting.as_mut().now_or_never().is_none());
    drop(unread);
    assert!(waiting.await.is_ok());
    assert_eq!((slots.level().set_aside, one.0.sending.load(Relaxed)), (0, 0));
}

#[tokio::test]
async fn an_answer_keeps_its_memory_when_its_slot_is_given_back() {
    let slots = slots(1, |bounds| bounds.memory = 128);
    let one = tenant("one", |tenant| tenant.queue = 1);
    let need = MemoryDemand { request: 20, guest: 70, most: 70 };
    let slot = slots.take(&one, need, None, None).now_or_never().unwrap().unwrap();
    let mut next = Box::pin(slots.take(&one, need, None, None));
    assert!(next.as_mut().now_or_never().is_none());
    let answer = slot.leave(50);
    assert_eq!(
        (slots.level().set_aside, slots.level().running),
        (70, 0),
        "the answer, and a request that waits"
    );
    assert!(next.as_mut().now_or_never().is_none(), "there is a slot, and no memory");
    drop(answer);
    assert!(next.await.is_ok());
    // One that is larger than all its guest had.
    let slot = slots.take(&one, NEED, None, None).now_or_never().unwrap().unwrap();
    let answer = slot.leave(120);
    assert_eq!(slots.level().set_aside, 120);
    drop(answer);
    assert_eq!((slots.level().set_aside, one.0.memory.load(Relaxed)), (0, 0));
}

#[tokio::test]
async fn requests_that_wait_for_an_answer_stand_in_the_queue() {
    let slots = slots(1, |_| {});
    let one = tenant("one", |tenant| tenant.queue = 2);
    let running = take(&slots, &one).unwrap().unwrap();
    let mut repeat = slots.wait(&one, 5).unwrap();
    let mut waiting = Box::pin(slots.take(&one, NEED, None, None));
    assert!(waiting.as_mut().now_or_never().is_none());
    assert_eq!(slots.waiting(), 2);
    for refused in [slots.wait(&one, 0).map(drop), take(&slots, &one).unwrap().map(drop)] {
        assert!(refused.unwrap_err().to_string().starts_with("the queue is full"));
    }
    assert_eq!(slots.level().set_aside, 16);
    repeat.without_request();
    assert_eq!(slots.level().set_aside, 11);
    drop((repeat, waiting, running));
    assert_eq!((slots.level().set_aside, slots.waiting(), one.0.repeats.load(Relaxed)), (0, 0, 0));
}

fn memory_of(
    slots: &Arc<Slots>,
    tenant: &Tenant,
    at_start: u64,
) -> (Slot, Arc<dyn ampoule_engine::MemoryGrant>) {
    let need = MemoryDemand { request: 0, guest: at_start, most: at_start };
    let slot = slots.take(tenant, need, None, None).now_or_never().unwrap().unwrap();
    let memory = slot.memory();
    (slot, memory)
}

#[tokio::test]
async fn memory_is_granted_as_it_is_asked_for_and_given_back_with_the_slot() {
    let slots = slots(8, |bounds| bounds.memory = 1600);
    let one = tenant("one", |_| {});
    let (slot, memory) = memory_of(&slots, &one, 100);
    assert!(memory.try_grow(400) && memory.granted() == 500);
    assert_eq!(slots.level().set_aside, 500);
    let never = memory.grow(900).await.unwrap_err();
    assert!(never.reason.contains("needs more than the 1300 bytes that this server has"), "{}", never.reason);
    drop(slot);
    assert_eq!((slots.level().set_aside, one.memory_bytes()), (0, 0));
}

#[tokio::test]
async fn who_grows_waits_for_those_that_end_and_goes_before_new_ones() {
    let slots = slots(8, |bounds| bounds.memory = 1600);
    let one = tenant("one", |_| {});
    let (first, first_memory) = memory_of(&slots, &one, 100);
    let (second, second_memory) = memory_of(&slots, &one, 100);
    assert!(first_memory.try_grow(1000));
    assert!(!second_memory.try_grow(500));
    let mut grows = second_memory.grow(500);
    assert!(grows.as_mut().now_or_never().is_none());
    let need = MemoryDemand { request: 0, guest: 10, most: 10 };
    let mut new = Box::pin(slots.take(&one, need, None, None));
    assert!(new.as_mut().now_or_never().is_none(), "there are 10 bytes, but somebody waits for more");
    drop(first);
    assert_eq!(grows.as_mut().now_or_never(), Some(Ok(())));
    assert_eq!(second_memory.granted(), 600);
    assert!(new.as_mut().now_or_never().is_some());
    drop((grows, new, second));
    assert_eq!(slots.level().set_aside, 0);
}

#[tokio::test]
async fn when_all_wait_for_more_the_last_gives_way() {
    let slots = slots(8, |bounds| bounds.memory = 1600);
    let one = tenant("one", |_| {});
    let (first, first_memory) = memory_of(&slots, &one, 700);
    let (second, second_memory) = memory_of(&slots, &one, 400);
    let (third, third_memory) = memory_of(&slots, &one, 10);
    assert!(third_memory.try_grow(390));
    let mut first_grows = first_memory.grow(500);
    let mut second_grows = second_memory.grow(200);
    assert!(first_grows.as_mut().now_or_never().is_none() && second_grows.as_mut().now_or_never().is_none());
    // The third is the last that runs: it cannot wait for others.
    let refused = third_memory.grow(300).await.unwrap_err();
    assert!(refused.reason.contains("taken by other executions"), "{}", refused.reason);
    assert!(!refused.retry_after.is_zero());
    drop(third);
    // Now the first got what it needs, and the second waits for it.
    assert_eq!(first_grows.as_mut().now_or_never(), Some(Ok(())));
    assert!(second_grows.as_mut().now_or_never().is_none());
    drop(first_grows);
    drop(first);
    assert_eq!(second_grows.as_mut().now_or_never(), Some(Ok(())));
    drop(second_grows);
    drop(second);
    assert_eq!((slots.level().set_aside, slots.running()), (0, 0));
}

#[tokio::test]
async fn who_leaves_while_it_waits_for_memory_takes_nothing() {
    let slots = slots(8, |bounds| bounds.memory = 1600);
    let one = tenant("one", |_| {});
    let (first, first_memory) = memory_of(&slots, &one, 1000);
    let (second, second_memory) = memory_of(&slots, &one, 100);
    let mut leaves = second_memory.grow(700);
    assert!(leaves.as_mut().now_or_never().is_none());
    drop(leaves);
    assert!(first_memory.try_grow(500), "nobody waits any more");
    drop(second);
    drop(first);
    let (third, third_memory) = memory_of(&slots, &one, 100);
    let (fourth, fourth_memory) = memory_of(&slots, &one, 100);
    assert!(third_memory.try_grow(1100));
    let mut leaves = fourth_memory.grow(700);
    assert!(leaves.as_mut().now_or_never().is_none());
    drop(third);
    // It was granted, and leaves before it hears of it.
    drop(leaves);
    drop(fourth);
    assert_eq!(slots.level().set_aside, 0);
}

/// Memory for 1,000 and some, in units of a request.
fn several(slots_there: usize) -> Arc<Slots> {
    slots(slots_there, |bounds| {
        bounds.several = true.into();
        bounds.memory = 16_000;
        bounds.waiting = 100;
    })
}

#[tokio::test]
async fn a_tenant_that_wants_more_than_its_share_keeps_only_itself_waiting() {
    let slots = several(32);
    let (greedy, other) = (tenant("a", |_| {}), tenant("b", |_| {}));
    let held: Vec<Slot> = (0..8).map(|_| take(&slots, &greedy).unwrap().unwrap()).collect();
    let memories: Vec<_> = held.iter().map(Slot::memory).collect();
    let mut grew = 0;
    while memories[grew % 8].try_grow(100) {
        grew += 1;
    }
    assert!(grew > 50, "{grew}");
    // Those that want still more wait, each of them.
    let mut growing: Vec<_> = memories[..6].iter().map(|memory| memory.grow(1500)).collect();
    growing.iter_mut().for_each(|growing| assert!(growing.as_mut().now_or_never().is_none()));
    let one = take(&slots, &other).expect("it does not wait").unwrap();
    assert!(one.memory().try_grow(400), "and it may grow");
    drop((one, growing, held));
    assert_eq!(slots.lock().memory, 16_000);
}

#[tokio::test]
async fn what_grows_leaves_room_for_a_tenants_first() {
    let slots = several(32);
    let (greedy, other) = (tenant("a", |_| {}), tenant("b", |_| {}));
    let held: Vec<Slot> = (0..4).map(|_| take(&slots, &greedy).unwrap().unwrap()).collect();
    let memories: Vec<_> = held.iter().map(Slot::memory).collect();
    for step in [1000, 100, 10, 1] {
        for memory in &memories {
            while memory.granted() + step < for_one_execution(16_000) && memory.try_grow(step) {}
        }
    }
    assert!(slots.lock().memory >= 1000, "{}", slots.lock().memory);
    assert!(matches!(take(&slots, &other), Some(Ok(_))));
}

#[tokio::test]
async fn the_queue_of_all_is_not_one_tenants() {
    let slots = several(1);
    let (greedy, other) = (tenant("a", |_| {}), tenant("b", |_| {}));
    let running = take(&slots, &greedy).unwrap().unwrap();
    let mut waiting = Vec::new();
    loop {
        let mut next = Box::pin(slots.take(&greedy, NEED, None, None));
        match next.as_mut().now_or_never() {
            None => waiting.push(next),
            Some(refused) => break assert!(matches!(refused, Err(Error::Busy { what: "queue", .. }))),
        }
    }
    assert!((60..=75).contains(&waiting.len()), "three quarters of a hundred: {}", waiting.len());
    let mut others: Vec<_> = (0..15).map(|_| Box::pin(slots.take(&other, NEED, None, None))).collect();
    others.iter_mut().for_each(|other| assert!(other.as_mut().now_or_never().is_none(), "it may wait"));
    drop((running, waiting, others));
}
