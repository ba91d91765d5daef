//! In steady state a packet is taken in, opened, kept, sealed and sent without asking for memory.

mod meeting;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Duration;

use huisclos_sfu::{Arena, Outlet};
use meeting::{Meeting, SERVER};
use str0m::Input;

thread_local! {
    /// Requests of this thread while it counts.
    static COUNT: Cell<Option<u64>> = const { Cell::new(None) };
}

struct Counting;

fn count() {
    // The thread may be ending: then nobody counts.
    let _ = COUNT.try_with(|count| count.set(count.get().map(|requests| requests + 1)));
}

// SAFETY: all is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller promised.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as the caller promised.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn requests(work: impl FnOnce()) -> u64 {
    COUNT.set(Some(0));
    work();
    COUNT.take().unwrap_or_default()
}

/// Drops what is to be sent.
struct Nowhere;

impl Outlet for Nowhere {
    fn flush(&mut self, arena: &mut Arena) {
        arena.clear();
    }
}

#[test]
fn a_thousand_packets_to_two_listeners_ask_for_no_memory() {
    let mut meeting = Meeting::of(&["alice", "bob", "carol"]);
    meeting.publish(0);
    meeting.subscribe(1, 0);
    meeting.subscribe(2, 0);
    // Long enough for every ring to have been round and for a second of packets to be kept.
    meeting.talk(0, 300);
    let (mut asked, mut taken) = (0, 0);
    let forwarded = meeting.sfu.counters().forwarded;
    for _ in 0..250 {
        meeting.send_layers(0, [false; 3], 3);
        meeting.now += Duration::from_millis(5);
        let (now, server) = (meeting.now, SERVER.parse().unwrap());
        let client = &mut meeting.clients[0];
        let _ = client.rtc.handle_input(Input::Timeout(now));
        let source = client.address;
        let mut datagrams = std::mem::take(&mut client.outbox);
        datagrams.extend(client.poll());
        for mut datagram in datagrams {
            // What is not RTP is rare and may cost what it likes.
            if !(128..192).contains(&datagram[0]) || (192..224).contains(&datagram[1]) {
                continue;
            }
            taken += 1;
            asked += requests(|| {
                meeting
                    .sfu
                    .handle_datagram(now, source, server, &mut datagram);
                meeting.sfu.end_round(now, &mut Nowhere);
                meeting.sfu.arena().clear();
            });
        }
        meeting.run(Duration::from_millis(20));
    }
    let forwarded = meeting.sfu.counters().forwarded - forwarded;
    assert!(
        taken >= 1000 && forwarded >= 2 * taken,
        "{taken} taken, {forwarded} forwarded"
    );
    assert_eq!(asked, 0, "of {taken} packets");
    assert!(
        requests(|| drop(vec![1_u8; 100])) > 0,
        "the count counts nothing"
    );
}
