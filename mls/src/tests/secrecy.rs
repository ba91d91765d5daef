//! What a person cannot read or do: after being removed, on the other branch of a fork, with a link that is out of force.

use super::*;

#[test]
fn who_was_removed_processes_nothing_later_with_all_it_knew() {
    let room = Room::open();
    let mut anna = room.founder("Anna");
    let mut basil = room.stranger("Basil");
    let mut eve = room.stranger("Eve");
    basil.enters(&mut anna, &mut []);
    eve.enters(&mut anna, &mut [&mut basil]);

    // Eve keeps her whole state and does not merge her removal.
    let gone = eve.identity();
    let removal = anna
        .session
        .commit(&Wish {
            removes: vec![&gone],
            update: true,
            ..Wish::default()
        })
        .unwrap();
    anna.session.accepted().unwrap();
    basil.takes(&removal.commit).unwrap();
    let said = anna.session.seal_app(b"now that Eve is gone").unwrap();
    let update = basil
        .session
        .commit(&Wish {
            update: true,
            ..Wish::default()
        })
        .unwrap();

    assert_eq!(eve.refuses(&said), Some(Code::WrongEpoch));
    assert_eq!(eve.refuses(&update.commit), Some(Code::WrongEpoch));
    assert_ne!(eve.base(), anna.base());
    assert_eq!(basil.reads(&said).unwrap(), b"now that Eve is gone");
    // What she sends is of no epoch in which she counts.
    let forged = eve
        .session
        .commit(&Wish {
            update: true,
            ..Wish::default()
        })
        .unwrap();
    assert_eq!(anna.refuses(&forged.commit), Some(Code::WrongEpoch));
}

#[test]
fn two_branches_of_a_fork_do_not_read_each_other() {
    let room = Room::open();
    let mut anna = room.founder("Anna");
    let mut basil = room.stranger("Basil");
    basil.enters(&mut anna, &mut []);
    assert!(together(&[&anna, &basil]));

    // The server tells each that their own commit won.
    anna.session
        .commit(&Wish {
            update: true,
            ..Wish::default()
        })
        .unwrap();
    anna.session.accepted().unwrap();
    basil
        .session
        .commit(&Wish {
            update: true,
            ..Wish::default()
        })
        .unwrap();
    basil.session.accepted().unwrap();

    assert_eq!(anna.epoch(), basil.epoch());
    assert_ne!(anna.authenticator(), basil.authenticator());
    assert_ne!(anna.base(), basil.base());
    let said = anna.session.seal_app(b"hello").unwrap();
    assert_eq!(basil.refuses(&said), Some(Code::BadMls));
    let change = anna
        .session
        .commit(&Wish {
            update: true,
            ..Wish::default()
        })
        .unwrap();
    assert!(basil.refuses(&change.commit).is_some());
}

#[test]
fn the_old_link_brings_nobody_back_after_a_new_one() {
    let room = Room::open();
    let mut anna = room.founder("Anna");
    let mut eve = room.stranger("Eve");
    eve.enters(&mut anna, &mut []);
    let policy = room.policy_with(&Terms {
        generation: 2,
        seq: 2,
        ..Terms::default()
    });
    let gone = eve.identity();
    let kick = Wish {
        removes: vec![&gone],
        policy: Some(&policy),
        secret: Some(&NEXT_SECRET),
        ..Wish::default()
    };
    anna.commits(&kick, &mut []);
    let info = anna.session.info().unwrap();

    // With another seat, with the new policy, with everything but the new secret.
    let mut back = Person::new(
        room.session_with(&SECRET, &policy),
        Key::new(),
        "Eve",
        None,
        None,
    );
    let entry = back.session.join_external(&info).unwrap();
    assert_eq!(anna.refuses(&entry.commit), Some(Code::WrongSecret));

    let mut friend = Person::new(
        room.session_with(&NEXT_SECRET, &policy),
        Key::new(),
        "Zoé",
        None,
        None,
    );
    friend.enters(&mut anna, &mut []);
    assert!(together(&[&anna, &friend]));
}

#[test]
fn a_member_that_missed_the_new_secret_cannot_commit_with_the_old_psk() {
    let room = Room::open();
    let mut anna = room.founder("Anna");
    let mut basil = room.stranger("Basil");
    basil.enters(&mut anna, &mut []);
    let policy = room.policy_with(&Terms {
        generation: 2,
        seq: 2,
        ..Terms::default()
    });
    let change = Wish {
        policy: Some(&policy),
        secret: Some(&NEXT_SECRET),
        ..Wish::default()
    };
    anna.commits(&change, &mut [&mut basil]);

    let old = super::lawless::commit(&mut basil, Default::default());
    assert_eq!(anna.refuses(&old), Some(Code::WrongGen));

    basil.session.new_secret(&NEXT_SECRET).unwrap();
    basil.commits(&Wish::default(), &mut [&mut anna]);
}

/// What Eve brings to come back: the seat and certificate with which she was a member.
fn entry_of(eve: &Person, certificate: &[u8], info: &[u8], generation: u32) -> Vec<u8> {
    let (key, mut seat) = super::lawless::seat(&eve.seat, Some(certificate.to_vec()));
    seat.name_ct = eve.session.seal_name(&eve.seat.public, "Eve").unwrap();
    super::lawless::entry(info, &seat, &eve.identity(), &key, &[generation], &SECRET)
}

#[test]
fn who_was_put_out_does_not_come_back_with_its_certificate_whatever_the_server_gives() {
    let room = Room::with_lobby();
    for (banned, new_link, refused) in [
        (false, false, None),
        (true, false, Some(Code::Banned)),
        (false, true, Some(Code::WrongSecret)),
        // The old secret is found out first; a guessed one would meet the ban.
        (true, true, Some(Code::WrongSecret)),
    ] {
        let mut anna = room.founder("Anna");
        let mut basil = room.guest("Basil");
        basil.enters(&mut anna, &mut []);
        let seat = Key::new();
        let certificate = room.certificate(1, &seat, now() + YEAR);
        let mut eve = Person::new(room.session(), seat, "Eve", Some(certificate.clone()), None);
        eve.enters(&mut anna, &mut [&mut basil]);
        let gone = eve.identity();
        let policy = room.policy_with(&Terms {
            generation: if new_link { 2 } else { 1 },
            seq: 2,
            banned: if banned { vec![gone.clone()] } else { vec![] },
            ..room.terms.clone()
        });
        anna.commits(
            &Wish {
                removes: vec![&gone],
                policy: Some(&policy),
                secret: new_link.then_some(NEXT_SECRET.as_slice()),
                update: true,
                ..Wish::default()
            },
            &mut [&mut basil],
        );
        if new_link {
            basil.session.new_secret(&NEXT_SECRET).unwrap();
        }

        let generation = if new_link { 2 } else { 1 };
        let back = entry_of(
            &eve,
            &certificate,
            &anna.session.info().unwrap(),
            generation,
        );

        for member in [&mut anna, &mut basil] {
            assert_eq!(member.refuses(&back), refused, "{banned} {new_link}");
        }
    }
}

#[test]
fn a_card_made_with_the_old_link_does_not_open_after_a_new_one() {
    let room = Room::open();
    let mut anna = room.founder("Anna");
    let stranger = room.stranger("Eve");
    let card = stranger
        .session
        .make_card(&stranger.seat.public, "Eve", None)
        .unwrap();
    assert_eq!(anna.session.open_card(&card, None).unwrap().name, "Eve");
    let policy = room.policy_with(&Terms {
        generation: 2,
        seq: 2,
        ..Terms::default()
    });
    anna.commits(
        &Wish {
            policy: Some(&policy),
            secret: Some(&NEXT_SECRET),
            ..Wish::default()
        },
        &mut [],
    );

    let refusal = anna.session.open_card(&card, None).err().unwrap();
    assert_eq!(refusal.code, Code::WrongSecret);
}
