//! Three people in a meeting that goes well: every way in, every way out, a reload, a new link.

use super::*;

#[test]
fn three_people_come_in_by_three_ways_and_share_one_key() {
    let room = Room::with_lobby();
    let mut anna = room.founder("Anna");
    let mut basil = room.guest("Basil");
    let mut chloé = room.guest("Chloé");

    let package = basil.session.key_package().unwrap();
    let welcome = anna
        .commits(
            &Wish {
                adds: vec![&package],
                ..Wish::default()
            },
            &mut [],
        )
        .unwrap();
    basil.session.join_welcome(&welcome).unwrap();
    let change = chloé.enters(&mut anna, &mut [&mut basil]);

    assert!(together(&[&anna, &basil, &chloé]));
    assert_eq!(change.added, [chloé.identity()]);
    assert_eq!(change.by, Some(chloé.identity()));
    assert_eq!(chloé.names(), ["Anna", "Basil", "Chloé"]);
    let roles: Vec<_> = basil
        .session
        .roster()
        .unwrap()
        .iter()
        .map(|member| member.role)
        .collect();
    assert_eq!(roles, ["host", "guest", "guest"]);
}

#[test]
fn an_added_guest_costs_no_path() {
    let room = Room::with_lobby();
    let mut anna = room.founder("Anna");
    let mut guests: Vec<Person> = (0..20)
        .map(|number| room.guest(&format!("Guest {number}")))
        .collect();
    let packages: Vec<Vec<u8>> = guests
        .iter_mut()
        .map(|guest| guest.session.key_package().unwrap())
        .collect();

    let sent = anna
        .session
        .commit(&Wish {
            adds: vec![&packages[0]],
            ..Wish::default()
        })
        .unwrap();

    assert!(sent.commit.len() < 1200, "{} bytes", sent.commit.len());
    assert_eq!(sent.to, [guests[0].identity()]);
}

#[test]
fn somebody_who_leaves_is_removed_by_whoever_commits_next() {
    let room = Room::open();
    let mut anna = room.founder("Anna");
    let mut basil = room.stranger("Basil");
    let mut chloé = room.stranger("Chloé");
    basil.enters(&mut anna, &mut []);
    chloé.enters(&mut anna, &mut [&mut basil]);

    let farewell = chloé.session.leave().unwrap();
    anna.session.process(&farewell, None).unwrap();
    basil.session.process(&farewell, None).unwrap();
    let sent = basil.session.commit(&Wish::default()).unwrap();
    basil.session.accepted().unwrap();
    let change = anna.takes(&sent.commit).unwrap();
    let own = chloé.takes(&sent.commit).unwrap();

    assert_eq!(change.removed, [chloé.identity()]);
    assert!(together(&[&anna, &basil]));
    assert!(own.self_removed);
    assert_eq!(
        chloé.session.epoch_keys().err().map(|refusal| refusal.code),
        Some(Code::Removed)
    );
}

#[test]
fn a_reload_with_the_kept_leaf_key_replaces_the_old_leaf() {
    let room = Room::with_lobby();
    let mut anna = room.founder("Anna");
    let mut basil = room.guest("Basil");
    basil.enters(&mut anna, &mut []);
    let certificate = room.certificate(1, &basil.seat, now() + YEAR);
    let (seat, key) = (basil.seat.clone(), basil.leaf_key.clone());

    let mut reloaded = Person::new(room.session(), seat, "Basil", Some(certificate), Some(&key));
    let change = reloaded.enters(&mut anna, &mut []);

    assert_eq!(change.returned, [basil.identity()]);
    assert_eq!((change.added, change.removed), (vec![], vec![]));
    assert!(together(&[&anna, &reloaded]));
    assert_eq!(anna.names(), ["Anna", "Basil"]);
}

#[test]
fn a_host_adds_somebody_anew_whose_leaf_key_is_lost() {
    let room = Room::with_lobby();
    let mut anna = room.founder("Anna");
    let mut basil = room.guest("Basil");
    basil.enters(&mut anna, &mut []);
    let certificate = room.certificate(1, &basil.seat, now() + YEAR);

    let mut again = Person::new(
        room.session(),
        basil.seat.clone(),
        "Basil",
        Some(certificate),
        None,
    );
    let refusal = again
        .session
        .join_external(&anna.session.info().unwrap())
        .err()
        .unwrap();
    let package = again.session.key_package().unwrap();
    let gone = basil.identity();
    let wish = Wish {
        adds: vec![&package],
        removes: vec![&gone],
        ..Wish::default()
    };
    let welcome = anna.commits(&wish, &mut []).unwrap();
    again.session.join_welcome(&welcome).unwrap();

    assert_eq!(refusal.code, Code::OwnLeafPresent);
    assert!(together(&[&anna, &again]));
}

#[test]
fn a_commit_the_server_refuses_leaves_no_trace_and_the_winner_is_taken() {
    let room = Room::open();
    let mut anna = room.founder("Anna");
    let mut basil = room.stranger("Basil");
    basil.enters(&mut anna, &mut []);

    let losing = anna
        .session
        .commit(&Wish {
            update: true,
            ..Wish::default()
        })
        .unwrap();
    let winning = basil
        .session
        .commit(&Wish {
            update: true,
            ..Wish::default()
        })
        .unwrap();
    basil.session.accepted().unwrap();
    anna.session.rejected().unwrap();
    anna.takes(&winning.commit).unwrap();

    assert!(together(&[&anna, &basil]));
    assert_eq!(basil.refuses(&losing.commit), Some(Code::WrongEpoch));
}

#[test]
fn the_echo_of_an_own_commit_counts_as_its_acceptance() {
    let room = Room::open();
    let mut anna = room.founder("Anna");

    let sent = anna
        .session
        .commit(&Wish {
            update: true,
            ..Wish::default()
        })
        .unwrap();

    assert_eq!(anna.takes(&sent.commit).unwrap().epoch, 1);
    assert_eq!(
        anna.session.accepted().err().map(|refusal| refusal.code),
        Some(Code::WrongState)
    );
}

#[test]
fn application_messages_tell_who_sent_them_even_across_a_commit() {
    let room = Room::open();
    let mut anna = room.founder("Anna");
    let mut basil = room.stranger("Basil");
    basil.enters(&mut anna, &mut []);

    let late = basil.session.seal_app(b"on the way").unwrap();
    let update = anna
        .session
        .commit(&Wish {
            update: true,
            ..Wish::default()
        })
        .unwrap();
    anna.session.accepted().unwrap();
    basil.takes(&update.commit).unwrap();

    match anna.session.process(&late, None).unwrap() {
        Processed::App {
            from,
            role,
            epoch,
            payload,
        } => {
            assert_eq!(
                (from, role, epoch, payload),
                (basil.identity(), "guest", 1, b"on the way".to_vec())
            );
        }
        _ => panic!("this was no application message"),
    }
}

#[test]
fn a_waiting_proposal_does_not_silence_anybody() {
    let room = Room::open();
    let mut anna = room.founder("Anna");
    let mut basil = room.stranger("Basil");
    basil.enters(&mut anna, &mut []);
    let farewell = basil.session.leave().unwrap();
    anna.session.process(&farewell, None).unwrap();

    let message = anna.session.seal_app(b"goodbye").unwrap();
    assert_eq!(basil.reads(&message).unwrap(), b"goodbye");

    let sent = anna.session.commit(&Wish::default()).unwrap();
    assert_eq!(
        basil.takes(&sent.commit).unwrap().removed,
        [basil.identity()]
    );
}

#[test]
fn a_new_link_puts_out_who_was_removed_and_keeps_the_others() {
    let room = Room::open();
    let mut anna = room.founder("Anna");
    let mut basil = room.stranger("Basil");
    let mut eve = room.stranger("Eve");
    basil.enters(&mut anna, &mut []);
    eve.enters(&mut anna, &mut [&mut basil]);
    let terms = Terms {
        generation: 2,
        seq: 2,
        banned: vec![eve.identity()],
        ..Terms::default()
    };
    let policy = room.policy_with(&terms);
    let gone = eve.identity();

    let kick = Wish {
        removes: vec![&gone],
        policy: Some(&policy),
        secret: Some(&NEXT_SECRET),
        ..Wish::default()
    };
    let sent = anna.session.commit(&kick).unwrap();
    anna.session.accepted().unwrap();
    let change = basil.takes(&sent.commit).unwrap();
    assert!(eve.takes(&sent.commit).unwrap().self_removed);
    assert!(change.policy_changed);

    // Until Basil knows the new secret he commits nothing; then all goes on, under the new link.
    assert_eq!(
        basil
            .session
            .commit(&Wish::default())
            .err()
            .map(|refusal| refusal.code),
        Some(Code::WrongState)
    );
    let secret = anna.session.seal_app(&NEXT_SECRET).unwrap();
    let told = basil.reads(&secret).unwrap();
    basil.session.new_secret(&told).unwrap();
    basil.commits(
        &Wish {
            update: true,
            ..Wish::default()
        },
        &mut [&mut anna],
    );

    let mut dora = Person::new(
        room.session_with(&NEXT_SECRET, &policy),
        Key::new(),
        "Dora",
        None,
        None,
    );
    dora.enters(&mut anna, &mut [&mut basil]);
    assert!(together(&[&anna, &basil, &dora]));
    assert_eq!(anna.names(), ["Anna", "Basil", "Dora"]);
    // Anna has not sealed her name anew; Dora never had the link it is sealed with.
    assert_eq!(dora.names(), ["?", "Basil", "Dora"]);
}

#[test]
fn a_card_tells_a_host_who_knocks() {
    let room = Room::with_lobby();
    let guest = Key::new();

    let card = room
        .session()
        .make_card(&guest.public, "Zoé", None)
        .unwrap();
    let read = room.session().open_card(&card, None).unwrap();

    assert!(card.len() <= crate::leaf::MAX_CARD);
    assert_eq!(
        (read.name.as_str(), read.seat_pk),
        ("Zoé", guest.public.clone())
    );
    let other = room.session_with(&NEXT_SECRET, &room.policy());
    assert_eq!(
        other
            .open_card(&card, None)
            .err()
            .map(|refusal| refusal.code),
        Some(Code::WrongSecret)
    );
}

#[test]
fn the_card_of_an_invitation_opens_with_that_invitation_and_nothing_else() {
    let room = Room::with_lobby();
    let guest = Key::new();
    let (host, invited) = (
        room.session(),
        room.session_with(&NEXT_SECRET, &room.policy()),
    );
    let (id, other) = ([7; 8], [8; 8]);
    let card = invited
        .make_card(&guest.public, "Mamie", Some(&id))
        .unwrap();
    let code = |of: Option<(&[u8], &[u8])>, card: &[u8]| {
        host.open_card(card, of).err().map(|refusal| refusal.code)
    };

    // The control: with id and secret it opens.
    let read = host.open_card(&card, Some((&id, &NEXT_SECRET))).unwrap();
    assert_eq!(
        (read.name.as_str(), read.seat_pk),
        ("Mamie", guest.public.clone())
    );
    let wrong = Some(Code::WrongSecret);
    assert_eq!(code(None, &card), wrong);
    assert_eq!(code(Some((&other, &NEXT_SECRET)), &card), wrong);
    assert_eq!(code(Some((&id, &[1; 16])), &card), wrong);
    // A card of the shared link cannot borrow an invitation, nor one of an invitation lose its id.
    let shared = host.make_card(&guest.public, "Mamie", Some(&id)).unwrap();
    assert_eq!(code(Some((&id, &NEXT_SECRET)), &shared), wrong);
    assert_eq!(code(None, &shared), wrong);
    let without = invited.make_card(&guest.public, "Mamie", None).unwrap();
    assert_eq!(code(Some((&id, &NEXT_SECRET)), &without), wrong);
    assert!(
        invited
            .make_card(&guest.public, "M", Some(&[1; 7]))
            .is_err()
    );
}
