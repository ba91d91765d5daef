//! Offers of ours, to clients that receive on a connection the server opens: what stands in them, and what an answer must fit.

use std::time::Instant;

use huisclos_sfu::{Command, Event, Name, Refusal, Sfu, SfuConfig};
use str0m::change::SdpOffer;
use str0m::{Candidate, Rtc};

fn engine() -> Sfu {
    let candidates = vec!["127.0.0.1:7882".parse().unwrap()];
    Sfu::new(SfuConfig {
        candidates,
        max_peers: 10,
    })
    .unwrap()
}

fn peer(sfu: &mut Sfu, now: Instant) -> Name {
    let peer = Name::from("ben/receiver");
    let room = Name::from("room");
    sfu.command(
        now,
        Command::AddPeer {
            peer: peer.clone(),
            room,
        },
    );
    peer
}

fn offer(
    sfu: &mut Sfu,
    now: Instant,
    peer: &Name,
    request: u64,
    [audios, videos]: [usize; 2],
    restart: bool,
) -> String {
    let peer = peer.clone();
    sfu.command(
        now,
        Command::CreateOffer {
            peer,
            request,
            audios,
            videos,
            restart,
        },
    );
    std::iter::from_fn(|| sfu.poll_event())
        .find_map(|event| match event {
            Event::Offered {
                request: number,
                sdp,
                ..
            } if number == request => Some(sdp),
            _ => None,
        })
        .expect("an offer")
}

fn answer(client: &mut Rtc, offer: &str) -> String {
    let offer = SdpOffer::from_sdp_string(offer).unwrap();
    let answer = client.sdp_api().accept_offer(offer).unwrap();
    answer.to_sdp_string()
}

fn apply(sfu: &mut Sfu, now: Instant, peer: &Name, request: u64, sdp: String) -> Option<Refusal> {
    let peer = peer.clone();
    sfu.command(now, Command::ApplyAnswer { peer, request, sdp });
    std::iter::from_fn(|| sfu.poll_event()).find_map(|event| match event {
        Event::Refused { code, .. } => Some(code),
        _ => None,
    })
}

fn client(now: Instant) -> Rtc {
    let mut client = Rtc::new(now);
    let address = "127.0.0.1:9".parse().unwrap();
    client.add_local_candidate(Candidate::host(address, "udp").unwrap());
    client
}

/// An engine and a peer whose first offer, of one section for sound, has its answer.
fn answered_once(now: Instant) -> (Sfu, Name, String) {
    let mut sfu = engine();
    let peer = peer(&mut sfu, now);
    let first = offer(&mut sfu, now, &peer, 1, [1, 0], false);
    let answered = answer(&mut client(now), &first);
    apply(&mut sfu, now, &peer, 1, answered);
    (sfu, peer, first)
}

fn lines<'a>(sdp: &'a str, prefix: &str) -> Vec<&'a str> {
    sdp.lines()
        .filter(|line| line.starts_with(prefix))
        .collect()
}

#[test]
fn sections_keep_their_names_and_sources_as_more_are_offered() {
    let now = Instant::now();
    let mut sfu = engine();
    let peer = peer(&mut sfu, now);
    let mut client = client(now);

    let first = offer(&mut sfu, now, &peer, 1, [1, 1], false);
    let answered = answer(&mut client, &first);
    assert_eq!(apply(&mut sfu, now, &peer, 1, answered), None);
    let second = offer(&mut sfu, now, &peer, 2, [1, 3], false);

    assert_eq!(
        lines(&first, "m=").len(),
        3,
        "sound, picture, data channels"
    );
    assert_eq!(lines(&second, "m=").len(), 5);
    let (before, after) = (lines(&first, "a=mid:"), lines(&second, "a=mid:"));
    assert!(after.starts_with(&before));
    let cnames = |sdp| {
        lines(sdp, "a=ssrc:")
            .into_iter()
            .filter(|line| line.contains(" cname:"))
    };
    let sources = |sdp| -> Vec<&str> {
        cnames(sdp)
            .map(|line| line.split(' ').next().unwrap())
            .collect()
    };
    let known = sources(&second);
    assert!(
        sources(&first).iter().all(|source| known.contains(source)),
        "{known:?}"
    );
    assert_eq!(
        lines(&first, "a=ice-ufrag:")[0],
        lines(&second, "a=ice-ufrag:")[0]
    );
}

#[test]
fn an_offer_can_be_made_though_nothing_has_changed() {
    let now = Instant::now();
    let (mut sfu, peer, _) = answered_once(now);

    let again = offer(&mut sfu, now, &peer, 2, [1, 0], false);

    assert_eq!(lines(&again, "a=sendonly").len(), 1);
}

#[test]
fn a_restart_has_new_credentials() {
    let now = Instant::now();
    let (mut sfu, peer, first) = answered_once(now);

    let restart = offer(&mut sfu, now, &peer, 2, [1, 0], true);

    assert_ne!(
        lines(&first, "a=ice-ufrag:")[0],
        lines(&restart, "a=ice-ufrag:")[0]
    );
}

#[test]
fn only_the_newest_offer_can_be_answered_and_only_with_an_answer() {
    let now = Instant::now();
    let mut sfu = engine();
    let peer = peer(&mut sfu, now);
    let mut client = client(now);
    offer(&mut sfu, now, &peer, 1, [1, 0], false);
    let second = offer(&mut sfu, now, &peer, 2, [1, 0], false);

    assert_eq!(
        apply(&mut sfu, now, &peer, 1, "rubbish".into()),
        None,
        "not looked at"
    );
    let answered = answer(&mut client, &second);
    assert_eq!(apply(&mut sfu, now, &peer, 2, answered), None);

    let third = offer(&mut sfu, now, &peer, 3, [1, 0], false);
    assert!(!third.is_empty());
    assert_eq!(
        apply(&mut sfu, now, &peer, 3, "rubbish".into()),
        Some(Refusal::SdpInvalid)
    );
}
