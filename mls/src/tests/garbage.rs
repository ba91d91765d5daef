//! Any bytes into the boundary give an answer that is a value or a typed refusal, never a panic, and change nothing.

use proptest::prelude::*;

use super::*;
use crate::ops::Instance;

/// Real messages of each kind, to be damaged.
struct Samples {
    anna: Person,
    messages: Vec<Vec<u8>>,
    card: Vec<u8>,
}

impl Samples {
    fn new() -> Self {
        let room = Room::open();
        let mut anna = room.founder("Anna");
        let mut basil = room.stranger("Basil");
        basil.enters(&mut anna, &mut []);
        let mut chloé = room.stranger("Chloé");
        let info = anna.session.info().unwrap();
        let messages = vec![
            basil.session.seal_app(b"hello").unwrap(),
            basil
                .session
                .commit(&Wish {
                    update: true,
                    ..Wish::default()
                })
                .unwrap()
                .commit,
            chloé.session.join_external(&info).unwrap().commit,
            super::lawless::server_removes(&room, &anna, &basil.identity()),
            room.stranger("Dora").session.key_package().unwrap(),
            info,
        ];
        let card = room
            .session()
            .make_card(&Key::new().public, "Zoé", None)
            .unwrap();
        Self {
            anna,
            messages,
            card,
        }
    }

    fn offer(&mut self, bytes: &[u8]) {
        let _ = self.anna.session.open_card(bytes, None);
        let _ = self.anna.session.commit(&Wish {
            adds: vec![bytes],
            ..Wish::default()
        });
        let _ = self.anna.session.rejected();
        let room = Room::open();
        let mut outside = room.stranger("Outside");
        outside.session.key_package().unwrap();
        let _ = outside.session.join_welcome(bytes);
        let _ = outside.session.join_external(bytes);
        let _ = self.anna.session.process(bytes, None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn bytes_that_are_no_message_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut samples = Samples::new();
        let before = (samples.anna.epoch(), samples.anna.authenticator());

        samples.offer(&bytes);

        prop_assert_eq!((samples.anna.epoch(), samples.anna.authenticator()), before);
    }

    #[test]
    fn damaged_messages_are_refused(which in 0usize..7, place in any::<prop::sample::Index>(), bit in 0u8..8, cut in any::<prop::sample::Index>()) {
        let mut samples = Samples::new();
        let mut damaged = samples.messages.get(which).unwrap_or(&samples.card).clone();
        let epoch = samples.anna.epoch();
        let at = place.index(damaged.len());
        damaged[at] ^= 1 << bit;
        samples.offer(&damaged);
        let end = cut.index(damaged.len());
        samples.offer(&damaged[..end]);

        prop_assert_eq!(samples.anna.epoch(), epoch);
    }

    #[test]
    fn any_request_has_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let answer = cbor::decode(&Instance::new().call(&bytes)).unwrap();

        prop_assert!(answer.get(&"error".into()).is_some());
    }
}

#[test]
fn the_undamaged_samples_are_taken() {
    let Samples {
        mut anna,
        messages,
        card,
    } = Samples::new();

    assert!(anna.session.open_card(&card, None).is_ok());
    assert!(anna.session.process(&messages[0], None).is_ok());
    assert!(anna.session.process(&messages[3], None).is_ok());
    assert!(anna.session.process(&messages[1], None).is_ok());
}

#[test]
fn a_request_with_a_wrong_argument_says_which() {
    let request = cbor::encode(&Value::Array(vec![
        "open".into(),
        cbor::record([("room", 7.into())]),
    ]));
    let answer = cbor::decode(&Instance::new().call(&request)).unwrap();

    assert_eq!(answer.get(&"error".into()), Some(&"bad_request".into()));
    assert!(
        matches!(answer.get(&"detail".into()), Some(Value::Text(detail)) if detail.contains("`room`"))
    );
}
