//! The tree and the policy a change leads to: what members must refuse in them, each beside its lawful twin.

use openmls::prelude::{Extension, Extensions, ExternalSender, GroupContext, UnknownExtension};

use super::lawless::{self, Breach};
use super::rules_of_commits::{own_seat, refused, two};
use super::*;
use crate::leaf::POLICY_EXTENSION;

#[test]
fn a_policy_that_does_not_follow_is_refused() {
    let room = Room::new(Terms {
        seq: 5,
        generation: 2,
        ..Terms::default()
    });
    let mut anna = room.founder("Anna");
    let mut basil = room.stranger("Basil");
    basil.enters(&mut anna, &mut []);
    let terms = Terms {
        seq: 6,
        generation: 2,
        ..Terms::default()
    };
    let other_host = signed(&Key::new(), &terms);
    let mut broken = room.policy_with(&terms);
    *broken.last_mut().unwrap() ^= 1;

    for (blob, code) in [
        (
            room.policy_with(&Terms {
                seq: 5,
                ..terms.clone()
            }),
            Some(Code::PolicyRollback),
        ),
        (
            room.policy_with(&Terms {
                seq: 4,
                ..terms.clone()
            }),
            Some(Code::PolicyRollback),
        ),
        (
            room.policy_with(&Terms {
                generation: 1,
                ..terms.clone()
            }),
            Some(Code::PolicyRollback),
        ),
        (
            room.policy_with(&Terms {
                mode: "transit",
                ..terms.clone()
            }),
            Some(Code::BadPolicy),
        ),
        (
            room.policy_with(&Terms {
                suite: 2,
                ..terms.clone()
            }),
            Some(Code::BadPolicy),
        ),
        (
            room.policy_with(&Terms {
                not_after: 1,
                ..terms.clone()
            }),
            Some(Code::BadPolicy),
        ),
        (
            room.policy_with(&Terms {
                room: "b".repeat(26),
                ..terms.clone()
            }),
            Some(Code::WrongRoom),
        ),
        (other_host, Some(Code::WrongHostKey)),
        (broken, Some(Code::BadPolicy)),
        (room.policy_with(&terms), None),
    ] {
        let extensions = Some(with_policy(&anna, blob));
        let commit = lawless::commit(
            &mut anna,
            Breach {
                extensions,
                generations: vec![2],
                ..Breach::default()
            },
        );
        assert_eq!(basil.refuses(&commit), code);
    }
}

#[test]
fn a_guest_does_not_change_the_policy_even_with_one_the_host_has_signed() {
    let room = Room::open();
    let (mut anna, mut basil) = two(&room);
    let blob = room.policy_with(&Terms {
        seq: 2,
        ..Terms::default()
    });

    let extensions = Some(with_policy(&basil, blob.clone()));
    let by_guest = lawless::commit(
        &mut basil,
        Breach {
            extensions,
            ..Breach::default()
        },
    );
    refused(&mut anna, &by_guest, Code::NotAHost);

    let extensions = Some(with_policy(&anna, blob));
    let by_host = lawless::commit(
        &mut anna,
        Breach {
            extensions,
            ..Breach::default()
        },
    );
    assert!(basil.takes(&by_host).unwrap().policy_changed);
}

#[test]
fn a_host_changes_no_other_extension() {
    let room = Room::open();
    let (mut anna, mut basil) = two(&room);
    let mut extensions = with_policy(
        &anna,
        room.policy_with(&Terms {
            seq: 2,
            ..Terms::default()
        }),
    );
    let credential = openmls::prelude::BasicCredential::new(b"server".to_vec());
    let another = ExternalSender::new(Key::new().public.into(), credential.into());
    extensions
        .add_or_replace(Extension::ExternalSenders(vec![another]))
        .unwrap();

    let commit = lawless::commit(
        &mut anna,
        Breach {
            extensions: Some(extensions),
            ..Breach::default()
        },
    );
    refused(&mut basil, &commit, Code::BadExtensions);
}

#[test]
fn a_policy_that_bans_somebody_goes_with_their_removal() {
    let room = Room::open();
    let (mut anna, mut basil) = two(&room);
    let mut eve = room.stranger("Eve");
    eve.enters(&mut anna, &mut [&mut basil]);
    let blob = room.policy_with(&Terms {
        seq: 2,
        banned: vec![eve.identity()],
        ..Terms::default()
    });

    let extensions = Some(with_policy(&anna, blob.clone()));
    let ban_alone = lawless::commit(
        &mut anna,
        Breach {
            extensions,
            ..Breach::default()
        },
    );
    refused(&mut basil, &ban_alone, Code::Banned);

    let extensions = Some(with_policy(&anna, blob.clone()));
    let both = lawless::commit(
        &mut anna,
        Breach {
            extensions,
            removes: vec![eve.identity()],
            ..Breach::default()
        },
    );
    basil.takes(&both).unwrap();

    // And the banned seat does not come back, though it knows the link.
    let info = basil.session.info().unwrap();
    let (key, seat) = lawless::seat(&eve.seat, None);
    let back = lawless::entry(&info, &seat, &eve.identity(), &key, &[1], &SECRET);
    refused(&mut basil, &back, Code::Banned);
    let friend = Key::new();
    let (key, seat) = lawless::seat(&friend, None);
    let identity = identity(&RustCrypto::default(), &friend.public).unwrap();
    basil
        .takes(&lawless::entry(
            &info,
            &seat,
            &identity,
            &key,
            &[1],
            &SECRET,
        ))
        .unwrap();
}

#[test]
fn a_second_leaf_of_one_identity_is_refused() {
    let room = Room::open();
    let (mut anna, basil) = two(&room);
    let certificate = Some(room.certificate(1, &basil.seat, now() + YEAR));
    let (key, seat) = lawless::seat(&basil.seat, certificate);

    let commit = lawless::entry(
        &anna.session.info().unwrap(),
        &seat,
        &basil.identity(),
        &key,
        &[1],
        &SECRET,
    );

    refused(&mut anna, &commit, Code::DuplicateIdentity);
}

#[test]
fn a_leaf_with_a_wrong_signature_identity_or_name_is_refused() {
    let room = Room::open();
    let (mut anna, _) = two(&room);
    let chloé = Key::new();
    let right = identity(&RustCrypto::default(), &chloé.public).unwrap();
    let (info, host) = (anna.session.info().unwrap(), anna.identity());
    let (key, seat) = lawless::seat(&chloé, None);
    let entry = |seat: &crate::leaf::Seat, identity: &str| {
        lawless::entry(&info, seat, identity, &key, &[1], &SECRET)
    };

    let mut forged = seat.clone();
    forged.seat_sig = Key::new().sign(b"something");
    refused(&mut anna, &entry(&forged, &right), Code::BadLeaf);
    refused(&mut anna, &entry(&seat, &host), Code::BadLeaf);
    let mut nameless = seat.clone();
    nameless.name_ct.clear();
    refused(&mut anna, &entry(&nameless, &right), Code::BadLeaf);

    anna.takes(&entry(&seat, &right)).unwrap();
}

#[test]
fn a_member_changes_nothing_of_its_leaf_but_its_name() {
    let (mut anna, mut basil) = two(&Room::open());
    let own = own_seat(&basil).unwrap();
    let mut uncertified = own.clone();
    uncertified.certificate = None;
    let mut renamed = own;
    renamed.name_ct[20] ^= 1;

    let demoted = lawless::commit(
        &mut basil,
        Breach {
            seat: Some(uncertified),
            ..Breach::default()
        },
    );
    refused(&mut anna, &demoted, Code::LeafChanged);

    let renaming = lawless::commit(
        &mut basil,
        Breach {
            seat: Some(renamed),
            ..Breach::default()
        },
    );
    anna.takes(&renaming).unwrap();
}

#[test]
fn a_full_room_takes_nobody() {
    let room = Room::new(Terms {
        max: 2,
        ..Terms::default()
    });
    let (mut anna, _) = two(&room);
    let chloé = Key::new();
    let (key, seat) = lawless::seat(&chloé, None);
    let identity = identity(&RustCrypto::default(), &chloé.public).unwrap();

    let commit = lawless::entry(
        &anna.session.info().unwrap(),
        &seat,
        &identity,
        &key,
        &[1],
        &SECRET,
    );

    refused(&mut anna, &commit, Code::Full);
}

fn with_policy(person: &Person, blob: Vec<u8>) -> Extensions<GroupContext> {
    let mut extensions = person
        .session
        .live
        .as_ref()
        .unwrap()
        .group
        .extensions()
        .clone();
    extensions
        .add_or_replace(Extension::Unknown(POLICY_EXTENSION, UnknownExtension(blob)))
        .unwrap();
    extensions
}
