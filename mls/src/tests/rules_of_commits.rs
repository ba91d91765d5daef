//! Changes that members must refuse, each breaking one rule only; beside each, the same change without the breach is accepted.

use super::lawless::{self, Breach};
use super::*;

/// A host and a guest in an open room.
pub(super) fn two(room: &Room) -> (Person, Person) {
    let mut anna = room.founder("Anna");
    let mut basil = room.guest("Basil");
    basil.enters(&mut anna, &mut []);
    (anna, basil)
}

pub(super) fn refused(person: &mut Person, message: &[u8], code: Code) {
    assert_eq!(person.refuses(message), Some(code));
}

#[test]
fn a_commit_with_the_psk_alone_is_lawful() {
    let (mut anna, mut basil) = two(&Room::open());

    let commit = lawless::commit(&mut basil, Breach::default());

    assert_eq!(anna.takes(&commit).unwrap().by, Some(basil.identity()));
}

#[test]
fn a_commit_without_a_psk_or_with_two_is_refused() {
    let (mut anna, mut basil) = two(&Room::open());

    let own = own_seat(&basil);
    let without = lawless::commit(
        &mut basil,
        Breach {
            generations: vec![],
            seat: own.clone(),
            ..Breach::default()
        },
    );
    refused(&mut anna, &without, Code::NoPsk);

    let keys = basil.session.keys.clone();
    for person in [&anna, &basil] {
        crate::session::store_psk(&person.session.live.as_ref().unwrap().provider, 2, &keys)
            .unwrap();
    }
    let twice = lawless::commit(
        &mut basil,
        Breach {
            generations: vec![1, 2],
            ..Breach::default()
        },
    );
    refused(&mut anna, &twice, Code::NoPsk);

    let lawful = lawless::commit(
        &mut basil,
        Breach {
            seat: own.clone(),
            ..Breach::default()
        },
    );
    anna.takes(&lawful).unwrap();
}

#[test]
fn a_psk_of_another_generation_is_refused_whether_it_is_known_or_not() {
    let (mut anna, mut basil) = two(&Room::open());
    let keys = basil.session.keys.clone();

    crate::session::store_psk(&basil.session.live.as_ref().unwrap().provider, 2, &keys).unwrap();
    let ahead = lawless::commit(
        &mut basil,
        Breach {
            generations: vec![2],
            ..Breach::default()
        },
    );
    refused(&mut anna, &ahead, Code::WrongGen);

    crate::session::store_psk(&anna.session.live.as_ref().unwrap().provider, 2, &keys).unwrap();
    refused(&mut anna, &ahead, Code::WrongGen);

    let lawful = lawless::commit(&mut basil, Breach::default());
    anna.takes(&lawful).unwrap();
}

#[test]
fn an_external_commit_without_a_psk_is_refused() {
    let (mut anna, _) = two(&Room::open());
    let chloé = Key::new();
    let (key, seat) = lawless::seat(&chloé, None);
    let info = anna.session.info().unwrap();
    let identity = identity(&RustCrypto::default(), &chloé.public).unwrap();

    let without = lawless::entry(&info, &seat, &identity, &key, &[], &SECRET);
    let with = lawless::entry(&info, &seat, &identity, &key, &[1], &SECRET);

    refused(&mut anna, &without, Code::NoPsk);
    anna.takes(&with).unwrap();
}

#[test]
fn an_external_commit_with_another_link_secret_is_refused() {
    let (mut anna, _) = two(&Room::open());
    let chloé = Key::new();
    let (key, seat) = lawless::seat(&chloé, None);
    let info = anna.session.info().unwrap();
    let identity = identity(&RustCrypto::default(), &chloé.public).unwrap();

    let guessed = lawless::entry(&info, &seat, &identity, &key, &[1], &NEXT_SECRET);

    refused(&mut anna, &guessed, Code::WrongSecret);
    let known = lawless::entry(&info, &seat, &identity, &key, &[1], &SECRET);
    anna.takes(&known).unwrap();
}

#[test]
fn in_a_room_with_a_lobby_an_external_commit_needs_a_certificate() {
    let room = Room::with_lobby();
    let mut anna = room.founder("Anna");
    let chloé = Key::new();
    let identity = identity(&RustCrypto::default(), &chloé.public).unwrap();
    let info = anna.session.info().unwrap();

    for (certificate, code) in [
        (None, Some(Code::NotCertified)),
        (
            Some(room.certificate(1, &chloé, now() - 1000)),
            Some(Code::BadCertificate),
        ),
        (
            Some(room.certificate(1, &Key::new(), now() + YEAR)),
            Some(Code::BadCertificate),
        ),
        (
            Some(Room::with_lobby().certificate(1, &chloé, now() + YEAR)),
            Some(Code::BadCertificate),
        ),
        (Some(vec![0xa0]), Some(Code::BadCertificate)),
        (Some(room.certificate(1, &chloé, now() + YEAR)), None),
    ] {
        let (key, seat) = lawless::seat(&chloé, certificate);
        let commit = lawless::entry(&info, &seat, &identity, &key, &[1], &SECRET);
        assert_eq!(anna.refuses(&commit), code);
    }
}

#[test]
fn an_add_is_for_hosts_with_a_certificate_in_force() {
    let room = Room::open();
    let (mut anna, mut basil) = two(&room);
    let package = room.stranger("Chloé").session.key_package().unwrap();

    let by_guest = lawless::commit(
        &mut basil,
        Breach {
            adds: vec![&package],
            ..Breach::default()
        },
    );
    refused(&mut anna, &by_guest, Code::NotAHost);

    let by_host = lawless::commit(
        &mut anna,
        Breach {
            adds: vec![&package],
            ..Breach::default()
        },
    );
    basil.session.now = Some(now() + 2 * YEAR);
    assert!(matches!(
        basil.refuses(&by_host),
        Some(Code::NotAHost | Code::BadCertificate)
    ));
    basil.session.now = None;
    basil.takes(&by_host).unwrap();
}

#[test]
fn in_a_room_with_a_lobby_a_host_adds_only_the_certified() {
    let room = Room::with_lobby();
    let (mut anna, mut basil) = two(&room);
    let package = room.stranger("Chloé").session.key_package().unwrap();

    let uncertified = lawless::commit(
        &mut anna,
        Breach {
            adds: vec![&package],
            ..Breach::default()
        },
    );
    refused(&mut basil, &uncertified, Code::NotCertified);

    let package = room.guest("Chloé").session.key_package().unwrap();
    let certified = lawless::commit(
        &mut anna,
        Breach {
            adds: vec![&package],
            ..Breach::default()
        },
    );
    basil.takes(&certified).unwrap();
}

#[test]
fn a_guest_removes_nobody_else() {
    let room = Room::open();
    let (mut anna, mut basil) = two(&room);
    let mut chloé = room.stranger("Chloé");
    chloé.enters(&mut anna, &mut [&mut basil]);
    let removes = vec![chloé.identity()];

    let by_guest = lawless::commit(
        &mut basil,
        Breach {
            removes: removes.clone(),
            ..Breach::default()
        },
    );
    refused(&mut anna, &by_guest, Code::ForeignRemove);
    refused(&mut chloé, &by_guest, Code::ForeignRemove);

    let by_host = lawless::commit(
        &mut anna,
        Breach {
            removes,
            ..Breach::default()
        },
    );
    basil.takes(&by_host).unwrap();
}

#[test]
fn a_proposal_to_remove_somebody_else_is_refused_and_never_committed() {
    let room = Room::open();
    let (mut anna, mut basil) = two(&room);
    let mut chloé = room.stranger("Chloé");
    chloé.enters(&mut anna, &mut [&mut basil]);

    let proposal = lawless::member_proposes_to_remove(&mut basil, &chloé.identity());
    refused(&mut anna, &proposal, Code::ForeignRemove);
    // The one who proposed it commits it by reference: for us there is no such proposal.
    let commit = lawless::commit(&mut basil, Breach::default());
    refused(&mut anna, &commit, Code::BadMls);

    let farewell = chloé.session.leave().unwrap();
    anna.session.process(&farewell, None).unwrap();
}

#[test]
fn an_external_commit_that_removes_somebody_else_is_refused() {
    let room = Room::open();
    let (mut anna, basil) = two(&room);
    let other = Key::new();
    let info = anna.session.info().unwrap();
    let stolen = basil
        .session
        .leaf
        .as_ref()
        .map(|leaf| LeafKey {
            public: leaf.key.public.clone(),
            private: leaf.key.private.clone(),
        })
        .unwrap();
    let signature = other.sign(&crate::leaf::signed_leaf(
        &basil.session.room,
        &stolen.public,
    ));
    let (_, mut seat) = lawless::seat(&other, None);
    seat.seat_sig = signature;
    let identity = identity(&RustCrypto::default(), &other.public).unwrap();

    // With Basil's leaf key OpenMLS removes Basil's leaf; the newcomer sits on another seat.
    let commit = lawless::entry(&info, &seat, &identity, &stolen, &[1], &SECRET);
    refused(&mut anna, &commit, Code::ForeignRemove);

    let certificate = room.certificate(1, &basil.seat, now() + YEAR);
    let mut back = Person::new(
        room.session(),
        basil.seat.clone(),
        "Basil",
        Some(certificate),
        Some(&basil.leaf_key),
    );
    back.enters(&mut anna, &mut []);
}

#[test]
fn the_server_may_propose_to_remove_and_nothing_else() {
    let room = Room::open();
    let (mut anna, mut basil) = two(&room);
    let package = room.stranger("Chloé").session.key_package().unwrap();

    let add = lawless::server_adds(&room, &anna, &package);
    refused(&mut anna, &add, Code::ForbiddenProposal);
    let removal = lawless::server_removes(&room, &anna, &basil.identity());
    let forged = lawless::server_removes(&Room::open(), &anna, &basil.identity());
    assert!(anna.refuses(&forged).is_some());
    assert_eq!(
        anna.session
            .process(&removal, Some("p_somebody_else"))
            .err()
            .map(|refusal| refusal.code),
        Some(Code::ForeignRemove)
    );
    anna.session
        .process(&removal, Some(&basil.identity()))
        .unwrap();
    basil.session.process(&removal, None).unwrap();

    let sent = anna.session.commit(&Wish::default()).unwrap();
    assert!(basil.takes(&sent.commit).unwrap().self_removed);
}

#[test]
fn a_reinit_is_refused() {
    let room = Room::open();
    let (mut anna, basil) = two(&room);
    let removal = lawless::server_removes(&room, &anna, &basil.identity());
    let leaf = removal[removal.len() - 66 - 6..removal.len() - 66].to_vec();

    // Type 5: group id of 26 letters, MLS 1.0, suite 1, no extensions.
    let reinit = [&[0, 5, 26][..], ROOM.as_bytes(), &[0, 1, 0, 1, 0]].concat();
    let message = lawless::server_proposes(&room, &removal, &reinit);
    refused(&mut anna, &message, Code::ForbiddenProposal);

    let lawful = lawless::server_proposes(&room, &removal, &leaf);
    anna.session.process(&lawful, None).unwrap();
}

#[test]
fn an_update_by_proposal_is_refused() {
    let (mut anna, mut basil) = two(&Room::open());

    let update = lawless::member_proposes_an_update(&mut basil);
    refused(&mut anna, &update, Code::ForbiddenProposal);

    let farewell = basil.session.leave().unwrap();
    anna.session.process(&farewell, None).unwrap();
}

#[test]
fn our_own_commits_obey_the_same_rules() {
    let room = Room::open();
    let (_, mut basil) = two(&room);
    let package = room.stranger("Chloé").session.key_package().unwrap();
    let host = basil.session.roster().unwrap()[0].identity.clone();

    let add = basil.session.commit(&Wish {
        adds: vec![&package],
        ..Wish::default()
    });
    assert_eq!(add.err().map(|refusal| refusal.code), Some(Code::NotAHost));
    let removal = basil.session.commit(&Wish {
        removes: vec![&host],
        ..Wish::default()
    });
    assert_eq!(
        removal.err().map(|refusal| refusal.code),
        Some(Code::ForeignRemove)
    );
    basil.session.commit(&Wish::default()).unwrap();
}

pub(super) fn own_seat(person: &Person) -> Option<crate::leaf::Seat> {
    person
        .session
        .leaf
        .as_ref()
        .and_then(|leaf| leaf.seat.clone())
}
