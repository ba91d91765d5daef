//! What one who opens a link, or comes into a group, must refuse.

use super::*;

fn code<T>(outcome: Outcome<T>) -> Option<Code> {
    outcome.err().map(|refusal| refusal.code)
}

#[test]
fn a_link_opens_with_its_own_policy_only() {
    let room = Room::new(Terms {
        seq: 4,
        ..Terms::default()
    });
    let good = room.policy();
    let try_with = |fingerprint: &[u8], policy: &[u8], known_seq: u64| {
        code(Session::open(&Opening {
            known_seq,
            ..room.opening(&SECRET, policy, fingerprint)
        }))
    };
    let own = room.fingerprint();
    let terms = room.terms.clone();

    assert_eq!(try_with(&own, &good, 4), None);
    assert_eq!(
        try_with(&Room::open().fingerprint(), &good, 0),
        Some(Code::WrongHostKey)
    );
    assert_eq!(
        try_with(&own, &Room::open().policy(), 0),
        Some(Code::WrongHostKey)
    );
    assert_eq!(try_with(&own, &good, 5), Some(Code::PolicyRollback));
    assert_eq!(try_with(&own, &[], 0), Some(Code::BadPolicy));
    let transit = room.policy_with(&Terms {
        mode: "transit",
        ..terms.clone()
    });
    assert_eq!(try_with(&own, &transit, 0), Some(Code::BadPolicy));
    let expired = room.policy_with(&Terms {
        not_after: now() - 1000,
        ..terms.clone()
    });
    assert_eq!(try_with(&own, &expired, 0), Some(Code::BadPolicy));
    let ahead = room.policy_with(&Terms {
        not_before: now() + 1000,
        ..terms.clone()
    });
    assert_eq!(try_with(&own, &ahead, 0), Some(Code::BadPolicy));
    let elsewhere = room.policy_with(&Terms {
        room: "z".repeat(26),
        ..terms
    });
    assert_eq!(try_with(&own, &elsewhere, 0), Some(Code::WrongRoom));
}

#[test]
fn a_group_that_another_host_key_governs_is_not_entered() {
    let room = Room::open();
    let pretender = Room::open().founder("The server");
    let founder = room.founder("Anna");

    let mut guest = room.stranger("Basil");
    assert_eq!(
        code(
            guest
                .session
                .join_external(&pretender.session.info().unwrap())
        ),
        Some(Code::WrongHostKey)
    );
    assert_eq!(
        code(
            guest
                .session
                .join_external(&founder.session.info().unwrap())
        ),
        None
    );
}

#[test]
fn a_group_with_an_older_policy_than_the_link_shows_is_not_entered() {
    let mut room = Room::open();
    let founder = room.founder("Anna");
    let mut guest = room.stranger("Basil");
    room.terms.seq = 2;
    let mut warned = room.stranger("Chloé");

    let info = founder.session.info().unwrap();
    assert_eq!(
        code(warned.session.join_external(&info)),
        Some(Code::PolicyRollback)
    );
    assert_eq!(code(guest.session.join_external(&info)), None);
}

#[test]
fn a_group_with_somebody_uncertified_is_not_entered_where_there_is_a_lobby() {
    let room = Room::with_lobby();
    let mut stranger = room.stranger("Eve");
    let mut guest = room.guest("Basil");

    assert_eq!(
        code(stranger.session.create(&room.server_key.public)),
        Some(Code::NotCertified)
    );
    // Her own browser may be of another mind: the group exists, and is refused.
    stranger.session.policy.admission = crate::policy::Admission::Open;
    stranger.session.create(&room.server_key.public).unwrap();
    let info = stranger.session.info().unwrap();
    assert_eq!(
        code(guest.session.join_external(&info)),
        Some(Code::NotCertified)
    );

    let founder = room.founder("Anna");
    assert_eq!(
        code(
            guest
                .session
                .join_external(&founder.session.info().unwrap())
        ),
        None
    );
}

#[test]
fn a_group_info_that_was_touched_is_refused() {
    let room = Room::open();
    let founder = room.founder("Anna");
    let mut guest = room.stranger("Basil");
    let info = founder.session.info().unwrap();
    let mut touched = info.clone();
    *touched.last_mut().unwrap() ^= 1;

    assert_eq!(
        code(guest.session.join_external(&touched)),
        Some(Code::BadMls)
    );
    assert_eq!(code(guest.session.join_external(&info)), None);
}

#[test]
fn a_welcome_opens_for_holders_of_the_link_only() {
    let room = Room::open();
    let mut founder = room.founder("Anna");
    let mut guest = room.stranger("Basil");
    let mut without = Person::new(
        room.session_with(&NEXT_SECRET, &room.policy()),
        Key::new(),
        "M",
        None,
        None,
    );
    let (one, other) = (
        guest.session.key_package().unwrap(),
        without.session.key_package().unwrap(),
    );

    let welcome = founder
        .commits(
            &Wish {
                adds: vec![&one, &other],
                ..Wish::default()
            },
            &mut [],
        )
        .unwrap();

    assert_eq!(
        code(without.session.join_welcome(&welcome)),
        Some(Code::WrongSecret)
    );
    guest.session.join_welcome(&welcome).unwrap();
}

#[test]
fn a_welcome_without_the_link_s_psk_is_refused() {
    let room = Room::open();
    let founder = room.founder("Anna");
    let mut guest = room.stranger("Basil");
    let package = guest.session.key_package().unwrap();

    let welcome = super::lawless::welcome_without_psk(founder, &package);

    assert_eq!(
        code(guest.session.join_welcome(&welcome)),
        Some(Code::NoPsk)
    );
}

#[test]
fn a_leaf_is_not_sealed_with_a_foreign_signature_or_a_certificate_that_others_refuse() {
    let room = Room::with_lobby();
    let seat = Key::new();
    let mut session = room.session();
    let leaf = session.new_leaf(&seat.public, "Basil", None).unwrap();
    let signature = seat.sign(&leaf.to_sign);

    assert_eq!(
        code(session.seal_leaf(&Key::new().sign(&leaf.to_sign), None)),
        Some(Code::BadLeaf)
    );
    let expired = room.certificate(1, &seat, now() - 1000);
    assert_eq!(
        code(session.seal_leaf(&signature, Some(&expired))),
        Some(Code::BadCertificate)
    );
    let good = room.certificate(1, &seat, now() + 1000);
    assert_eq!(code(session.seal_leaf(&signature, Some(&good))), None);
}

#[test]
fn a_policy_may_have_the_two_sealed_fields_and_no_other_shape_of_them() {
    let room = Room::open();
    let open = |terms: &Terms| {
        let crypto = RustCrypto::default();
        let parsed = crate::derive::RoomId::parse(ROOM).unwrap();
        crate::policy::Policy::open(&crypto, &parsed, &room.policy_with(terms), 0)
    };
    let sealed = Terms {
        about: Some(vec![1; 8192]),
        notes: Some(vec![2; 20]),
        ..Terms::default()
    };

    let policy = open(&sealed).unwrap();

    assert_eq!(policy.about.unwrap().len(), 8192);
    assert_eq!(policy.notes.as_deref(), Some(&[2; 20][..]));
    assert_eq!(open(&Terms::default()).unwrap().about, None);
    let too_large = Terms {
        notes: Some(vec![0; 8193]),
        ..sealed
    };
    assert_eq!(open(&too_large).unwrap_err().code, Code::BadPolicy);
}

/// Title and agenda as a host seals them.
fn about(secret: &[u8]) -> Vec<u8> {
    let crypto = RustCrypto::default();
    let room = crate::derive::RoomId::parse(ROOM).unwrap();
    let keys = LinkKeys::derive(&crypto, &room, secret).unwrap();
    let aad = [b"hc1 about\0".as_slice(), ROOM.as_bytes()].concat();
    let sealed = crypto
        .aead_encrypt(
            openmls_traits::types::AeadType::Aes256Gcm,
            &keys.meta,
            &[0; 256],
            &[1; 12],
            &aad,
        )
        .unwrap();
    [[1; 12].as_slice(), &sealed].concat()
}

#[test]
fn a_link_of_before_a_change_is_told_from_the_one_in_force_by_the_policy() {
    let room = Room::open();
    let mut anna = room.founder("Anna");
    let mut late = room.stranger("Léa");
    let changed = Terms {
        generation: 2,
        seq: 2,
        about: Some(about(&NEXT_SECRET)),
        ..Terms::default()
    };
    let policy = room.policy_with(&changed);
    let opened = |secret: &[u8]| {
        code(Session::open(&room.opening(
            secret,
            &policy,
            &room.fingerprint(),
        )))
    };
    assert_eq!(opened(&NEXT_SECRET), None);
    assert_eq!(opened(&SECRET), Some(Code::WrongSecret));

    anna.commits(
        &Wish {
            policy: Some(&policy),
            secret: Some(&NEXT_SECRET),
            ..Wish::default()
        },
        &mut [],
    );
    let info = anna.session.info().unwrap();
    // Léa's browser was shown the policy of before, and has the link of before.
    assert_eq!(
        code(late.session.join_external(&info)),
        Some(Code::WrongSecret)
    );
}

#[test]
fn a_member_takes_no_other_secret_than_the_one_that_opens_the_policy() {
    let room = Room::open();
    let mut anna = room.founder("Anna");
    let mut basil = room.stranger("Basil");
    basil.enters(&mut anna, &mut []);
    let policy = room.policy_with(&Terms {
        generation: 2,
        seq: 2,
        about: Some(about(&NEXT_SECRET)),
        ..Terms::default()
    });
    let wish = Wish {
        policy: Some(&policy),
        secret: Some(&NEXT_SECRET),
        ..Wish::default()
    };
    anna.commits(&wish, &mut [&mut basil]);

    assert!(!basil.session.has_secret());
    assert_eq!(
        code(basil.session.new_secret(&[9; 16])),
        Some(Code::WrongSecret)
    );
    basil.session.new_secret(&NEXT_SECRET).unwrap();
    assert!(basil.session.has_secret() && anna.session.has_secret());
}

#[test]
fn an_invitation_s_secret_opens_a_policy_that_was_sealed_with_the_link_but_not_the_group() {
    let room = Room::open();
    let mut anna = room.founder("Anna");
    let policy = room.policy_with(&Terms {
        seq: 2,
        about: Some(about(&SECRET)),
        ..Terms::default()
    });
    let wish = Wish {
        policy: Some(&policy),
        ..Wish::default()
    };
    anna.commits(&wish, &mut []);
    let fingerprint = room.fingerprint();
    let opening = |apart| Opening {
        apart,
        ..room.opening(&NEXT_SECRET, &policy, &fingerprint)
    };

    assert_eq!(
        code(Session::open(&opening(false))),
        Some(Code::WrongSecret)
    );
    let session = Session::open(&opening(true)).unwrap();
    let mut invited = Person::new(session, Key::new(), "Mamie", None, None);
    let info = anna.session.info().unwrap();
    assert_eq!(
        code(invited.session.join_external(&info)),
        Some(Code::WrongSecret)
    );
}
