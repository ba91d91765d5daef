//! The known answers of the MLS working group, asked of OpenMLS exactly as we build it, through what it makes public: a client that only listens
//! follows other implementations through Welcomes, commits and PSKs, and messages of every kind read and written give the same bytes.
//! OpenMLS's own runners, which reach into it, are run by `make test-known-answers`. Where the vectors come from: `mls/vectors/README.md`.

use openmls::prelude::tls_codec::{Deserialize as _, Serialize as _};
use openmls::prelude::{
    KeyPackage, MIXED_PLAINTEXT_WIRE_FORMAT_POLICY, MlsGroup, MlsGroupJoinConfig, MlsMessageBodyIn,
    MlsMessageIn, ProcessedMessageContent, RatchetTreeIn, StagedWelcome,
};
use openmls::schedule::PreSharedKeyId;
use openmls_rust_crypto::OpenMlsRustCrypto;
use openmls_traits::OpenMlsProvider as _;
use openmls_traits::storage::{CURRENT_VERSION, Entity, StorageProvider as _, traits};
use openmls_traits::types::HpkePrivateKey;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What OpenMLS keeps of a key package and of a leaf's key, in the form in which it keeps them: the vectors bring private keys of others.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Kept(Value);

impl Entity<CURRENT_VERSION> for Kept {}
impl traits::KeyPackage<CURRENT_VERSION> for Kept {}
impl traits::HpkeKeyPair<CURRENT_VERSION> for Kept {}

fn vectors(text: &str) -> Vec<Value> {
    serde_json::from_str(text).expect("JSON")
}

fn bytes(value: &Value) -> Vec<u8> {
    let hex = value.as_str().expect("hex").as_bytes();
    hex.chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn private(value: &Value) -> Value {
    serde_json::to_value(HpkePrivateKey::from(bytes(value))).expect("a key")
}

fn message(value: &Value) -> MlsMessageIn {
    MlsMessageIn::tls_deserialize_exact(bytes(value)).expect("a message")
}

struct Listener {
    provider: OpenMlsRustCrypto,
    group: MlsGroup,
}

impl Listener {
    fn joining(vector: &Value) -> Self {
        let provider = OpenMlsRustCrypto::default();
        for psk in vector["external_psks"].as_array().into_iter().flatten() {
            PreSharedKeyId::external(bytes(&psk["psk_id"]), vec![])
                .store(&provider, &bytes(&psk["psk"]))
                .expect("kept");
        }
        keep_key_package(&provider, vector);
        let MlsMessageBodyIn::Welcome(welcome) = message(&vector["welcome"]).extract() else {
            panic!("no Welcome")
        };
        let config = MlsGroupJoinConfig::builder()
            .use_ratchet_tree_extension(true)
            .wire_format_policy(MIXED_PLAINTEXT_WIRE_FORMAT_POLICY)
            .number_of_resumption_psks(16)
            .build();
        let mut joining = StagedWelcome::build_from_welcome(&provider, &config, welcome)
            .expect("a Welcome to this key package")
            // The leaves of the vectors lived in the years when they were made.
            .skip_lifetime_validation();
        if vector["ratchet_tree"].is_string() {
            joining = joining.with_ratchet_tree(
                RatchetTreeIn::tls_deserialize_exact(bytes(&vector["ratchet_tree"]))
                    .expect("a tree"),
            );
        }
        let group = joining
            .build()
            .expect("a group that can be joined")
            .into_group(&provider)
            .expect("a group");
        Listener { provider, group }
    }

    fn hears(&mut self, message: MlsMessageIn) {
        let message = message
            .try_into_protocol_message()
            .expect("a handshake message");
        let processed = self
            .group
            .process_message(&self.provider, message)
            .expect("a lawful message");
        match processed.into_content() {
            ProcessedMessageContent::ProposalMessage(proposal) => {
                self.group
                    .store_pending_proposal(self.provider.storage(), *proposal)
                    .expect("kept");
            }
            ProcessedMessageContent::StagedCommitMessage(commit) => {
                self.group
                    .merge_staged_commit(&self.provider, *commit)
                    .expect("merged");
            }
            _ => panic!("neither proposal nor commit"),
        }
    }

    fn authenticator(&self) -> &[u8] {
        self.group.epoch_authenticator().as_slice()
    }
}

fn keep_key_package(provider: &OpenMlsRustCrypto, vector: &Value) {
    let MlsMessageBodyIn::KeyPackage(package) = message(&vector["key_package"]).extract() else {
        panic!("no key package")
    };
    // Not validated: some lived in the years when the vectors were made. Whoever joins checks the tree they are in.
    let package: KeyPackage = serde_json::from_value(json!(package)).expect("a key package");
    let encryption = json!({ "key": private(&vector["encryption_priv"]) });
    let bundle = json!({
        "key_package": package,
        "private_init_key": private(&vector["init_priv"]),
        "private_encryption_key": encryption,
    });
    let public = package.leaf_node().encryption_key();
    let pair = json!({ "public_key": public, "private_key": encryption });
    let reference = package.hash_ref(provider.crypto()).expect("a reference");
    provider
        .storage()
        .write_key_package(&reference, &Kept(bundle))
        .expect("kept");
    provider
        .storage()
        .write_encryption_key_pair(public, &Kept(pair))
        .expect("kept");
}

/// How many epochs were reached, each with the authenticator the vector names.
fn follows(vector: &Value) -> usize {
    let mut listener = Listener::joining(vector);
    assert_eq!(
        listener.authenticator(),
        bytes(&vector["initial_epoch_authenticator"])
    );
    let epochs = vector["epochs"].as_array().expect("epochs");
    for epoch in epochs {
        for proposal in epoch["proposals"].as_array().expect("proposals") {
            listener.hears(message(proposal));
        }
        listener.hears(message(&epoch["commit"]));
        assert_eq!(
            listener.authenticator(),
            bytes(&epoch["epoch_authenticator"])
        );
    }
    1 + epochs.len()
}

#[test]
fn welcomes_of_another_implementation_lead_to_its_epoch() {
    let all = vectors(include_str!("../../vectors/passive-client-welcome.json"));
    assert_eq!(all.iter().map(follows).sum::<usize>(), 8);
}

#[test]
fn commits_of_every_kind_lead_to_the_epochs_of_another_implementation() {
    let all = vectors(include_str!(
        "../../vectors/passive-client-handling-commit.json"
    ));
    assert_eq!(all.len(), 13);
    assert!(all.iter().map(follows).sum::<usize>() > all.len());
}

#[test]
fn a_long_random_life_of_a_group_leads_to_the_same_epochs() {
    let all = vectors(include_str!("../../vectors/passive-client-random.json"));
    assert_eq!(all.iter().map(follows).sum::<usize>(), 61);
}

#[test]
fn one_bit_of_an_answer_or_of_a_private_key_and_the_epochs_differ() {
    let mut other = vectors(include_str!("../../vectors/passive-client-welcome.json")).remove(0);
    other["initial_epoch_authenticator"] = json!("00".repeat(32));
    assert!(std::panic::catch_unwind(|| follows(&other)).is_err());

    let mut other = vectors(include_str!(
        "../../vectors/passive-client-handling-commit.json"
    ))
    .remove(0);
    let mut key = bytes(&other["encryption_priv"]);
    key[5] ^= 1;
    other["encryption_priv"] = json!(
        key.iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    );
    assert!(std::panic::catch_unwind(|| follows(&other)).is_err());
}

#[test]
fn messages_of_every_kind_are_written_as_they_were_read() {
    const KINDS: [&str; 7] = [
        "mls_welcome",
        "mls_group_info",
        "mls_key_package",
        "public_message_application",
        "public_message_proposal",
        "public_message_commit",
        "private_message",
    ];
    for vector in vectors(include_str!("../../vectors/messages.json")) {
        for kind in KINDS {
            let read = message(&vector[kind]);
            assert_eq!(
                read.tls_serialize_detached().expect("bytes"),
                bytes(&vector[kind]),
                "{kind}"
            );
        }
    }
}
