//! A room with its host key and link, and people who enter it, for the tests of the other files here. All parts are real; only the server
//! between them is left out: a test hands the messages round itself.

mod garbage;
mod known_answers;
mod lawless;
mod rules_of_commits;
mod rules_of_entering;
mod rules_of_results;
mod scenario;
mod secrecy;
mod vectors;

use openmls_rust_crypto::RustCrypto;
use openmls_traits::crypto::OpenMlsCrypto;
use openmls_traits::types::SignatureScheme;

use crate::cbor::{self, Value, numbered};
use crate::changing::Wish;
use crate::derive::{LinkKeys, RoomId, fingerprint, identity};
use crate::error::{Code, Outcome};
use crate::hearing::Processed;
use crate::policy::{certificate_bytes, signed_certificate, signed_policy};
use crate::rules::Change;
use crate::session::{LeafKey, Opening, Session};

pub(super) const ROOM: &str = "abcdefghijklmnopqrstuvwxyz";
pub(super) const SECRET: [u8; 16] = [7; 16];
pub(super) const NEXT_SECRET: [u8; 16] = [8; 16];
/// The time of the tests, Unix seconds: that of the system, for OpenMLS asks it about key packages.
pub(super) const YEAR: u64 = 365 * 24 * 3600;

pub(super) fn now() -> u64 {
    crate::host::now_ms() as u64 / 1000
}

/// An Ed25519 key.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) public: Vec<u8>,
    private: Vec<u8>,
}

impl Key {
    pub(super) fn new() -> Self {
        let (private, public) = RustCrypto::default()
            .signature_key_gen(SignatureScheme::ED25519)
            .unwrap();
        Self { public, private }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        RustCrypto::default()
            .sign(SignatureScheme::ED25519, message, &self.private)
            .unwrap()
    }
}

/// What a policy says, to be signed.
#[derive(Clone)]
pub(super) struct Terms {
    pub(super) room: String,
    pub(super) mode: &'static str,
    pub(super) suite: u64,
    pub(super) admission: &'static str,
    pub(super) max: u64,
    pub(super) generation: u64,
    pub(super) seq: u64,
    pub(super) not_before: u64,
    pub(super) not_after: u64,
    pub(super) banned: Vec<String>,
    pub(super) about: Option<Vec<u8>>,
    pub(super) notes: Option<Vec<u8>>,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            room: ROOM.to_owned(),
            mode: "e2ee",
            suite: 1,
            admission: "open",
            max: 50,
            generation: 1,
            seq: 1,
            not_before: 0,
            not_after: 0,
            banned: vec![],
            about: None,
            notes: None,
        }
    }
}

/// The room as its host knows it.
pub(super) struct Room {
    pub(super) host_key: Key,
    pub(super) server_key: Key,
    pub(super) terms: Terms,
}

impl Room {
    pub(super) fn new(terms: Terms) -> Self {
        Self {
            host_key: Key::new(),
            server_key: Key::new(),
            terms,
        }
    }

    pub(super) fn open() -> Self {
        Self::new(Terms::default())
    }

    pub(super) fn with_lobby() -> Self {
        Self::new(Terms {
            admission: "lobby",
            ..Terms::default()
        })
    }

    pub(super) fn fingerprint(&self) -> Vec<u8> {
        fingerprint(&RustCrypto::default(), &self.host_key.public).unwrap()
    }

    pub(super) fn policy(&self) -> Vec<u8> {
        self.policy_with(&self.terms)
    }

    pub(super) fn policy_with(&self, terms: &Terms) -> Vec<u8> {
        signed(&self.host_key, terms)
    }

    pub(super) fn certificate(&self, role: u8, seat: &Key, not_after: u64) -> Vec<u8> {
        let room = RoomId::parse(&self.terms.room).unwrap();
        let signature =
            self.host_key
                .sign(&signed_certificate(&room, role, &seat.public, not_after));
        certificate_bytes(role, &seat.public, not_after, &signature).unwrap()
    }

    pub(super) fn session(&self) -> Session {
        self.session_with(&SECRET, &self.policy())
    }

    pub(super) fn session_with(&self, secret: &[u8], policy: &[u8]) -> Session {
        Session::open(&self.opening(secret, policy, &self.fingerprint())).unwrap()
    }

    pub(super) fn opening<'a>(
        &'a self,
        secret: &'a [u8],
        policy: &'a [u8],
        fingerprint: &'a [u8],
    ) -> Opening<'a> {
        Opening {
            room: &self.terms.room,
            secret,
            fingerprint,
            policy,
            apart: false,
            known_seq: 0,
            now: None,
        }
    }

    /// Somebody with a sealed leaf and no certificate, outside.
    pub(super) fn stranger(&self, name: &str) -> Person {
        Person::new(self.session(), Key::new(), name, None, None)
    }

    pub(super) fn guest(&self, name: &str) -> Person {
        let seat = Key::new();
        let certificate = self.certificate(1, &seat, now() + YEAR);
        Person::new(self.session(), seat, name, Some(certificate), None)
    }

    pub(super) fn host(&self, name: &str) -> Person {
        let seat = Key::new();
        let certificate = self.certificate(2, &seat, now() + YEAR);
        Person::new(self.session(), seat, name, Some(certificate), None)
    }

    /// A host who has founded the group.
    pub(super) fn founder(&self, name: &str) -> Person {
        let mut host = self.host(name);
        host.session.create(&self.server_key.public).unwrap();
        host
    }
}

pub(super) fn signed(host_key: &Key, terms: &Terms) -> Vec<u8> {
    let Value::Map(mut fields) = numbered([
        1.into(),
        terms.room.as_str().into(),
        terms.mode.into(),
        terms.suite.into(),
        terms.admission.into(),
        terms.max.into(),
        host_key.public.as_slice().into(),
        terms.generation.into(),
        terms.seq.into(),
        terms.not_before.into(),
        terms.not_after.into(),
        Value::Array(vec![]),
        Value::Array(
            terms
                .banned
                .iter()
                .map(|identity| identity.as_str().into())
                .collect(),
        ),
    ]) else {
        unreachable!("a map")
    };
    for (key, sealed) in [(14, &terms.about), (15, &terms.notes)] {
        if let Some(bytes) = sealed {
            fields.push((key.into(), bytes.as_slice().into()));
        }
    }
    let body = cbor::encode(&Value::Map(fields));
    let signature = host_key.sign(&signed_policy(&body));
    cbor::encode(&Value::Array(vec![body.into(), signature.into()]))
}

/// Somebody with a seat key and a session.
pub(super) struct Person {
    pub(super) session: Session,
    pub(super) seat: Key,
    pub(super) leaf_key: Vec<u8>,
}

impl Person {
    pub(super) fn new(
        mut session: Session,
        seat: Key,
        name: &str,
        certificate: Option<Vec<u8>>,
        leaf_key: Option<&[u8]>,
    ) -> Self {
        let leaf = session.new_leaf(&seat.public, name, leaf_key).unwrap();
        session
            .seal_leaf(&seat.sign(&leaf.to_sign), certificate.as_deref())
            .unwrap();
        Self {
            session,
            seat,
            leaf_key: leaf.leaf_key.to_vec(),
        }
    }

    pub(super) fn identity(&self) -> String {
        identity(&RustCrypto::default(), &self.seat.public).unwrap()
    }

    pub(super) fn epoch(&self) -> u64 {
        self.session.live.as_ref().unwrap().group.epoch().as_u64()
    }

    pub(super) fn authenticator(&self) -> Vec<u8> {
        self.session.epoch_keys().unwrap().authenticator
    }

    pub(super) fn base(&self) -> Vec<u8> {
        self.session.epoch_keys().unwrap().base.to_vec()
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.session
            .roster()
            .unwrap()
            .into_iter()
            .map(|member| member.name.unwrap_or_else(|| "?".into()))
            .collect()
    }

    /// Process a commit and say what it did.
    pub(super) fn takes(&mut self, commit: &[u8]) -> Outcome<Change> {
        match self.session.process(commit, None)? {
            Processed::Commit(change) => Ok(change),
            _ => panic!("this was no commit"),
        }
    }

    /// The code with which a message is refused; the epoch does not change.
    pub(super) fn refuses(&mut self, message: &[u8]) -> Option<Code> {
        let before = (self.epoch(), self.authenticator());
        let refusal = self
            .session
            .process(message, None)
            .err()
            .map(|refusal| refusal.code);
        if refusal.is_some() {
            assert_eq!((self.epoch(), self.authenticator()), before);
        }
        refusal
    }

    /// Read an application message.
    pub(super) fn reads(&mut self, message: &[u8]) -> Outcome<Vec<u8>> {
        match self.session.process(message, None)? {
            Processed::App { payload, .. } => Ok(payload),
            _ => panic!("this was no application message"),
        }
    }

    /// Commit, have it accepted, and hand it to the others.
    pub(super) fn commits(
        &mut self,
        wish: &Wish<'_>,
        others: &mut [&mut Person],
    ) -> Option<Vec<u8>> {
        let sent = self.session.commit(wish).unwrap();
        self.session.accepted().unwrap();
        for other in others {
            other.takes(&sent.commit).unwrap();
        }
        sent.welcome
    }

    /// Come in by an external commit that `door` and the others accept.
    pub(super) fn enters(&mut self, door: &mut Person, others: &mut [&mut Person]) -> Change {
        let entry = self
            .session
            .join_external(&door.session.info().unwrap())
            .unwrap();
        self.session.accepted().unwrap();
        for other in others {
            other.takes(&entry.commit).unwrap();
        }
        door.takes(&entry.commit).unwrap()
    }
}

/// Are all in one epoch with one key?
pub(super) fn together(people: &[&Person]) -> bool {
    people.windows(2).all(|pair| {
        pair[0].epoch() == pair[1].epoch()
            && pair[0].authenticator() == pair[1].authenticator()
            && pair[0].base() == pair[1].base()
    })
}
