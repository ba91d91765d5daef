//! Members and strangers who make messages with OpenMLS itself, past the rules of this crate: what they send is valid MLS.

use openmls::prelude::{
    Extensions, ExternalProposal, GroupContext, KeyPackage, LeafNodeIndex, LeafNodeParameters,
    MlsGroup, MlsMessageBodyIn, PreSharedKeyProposal, Proposal, ProtocolVersion,
    SenderExtensionIndex,
};
use openmls::schedule::{ExternalPsk, PreSharedKeyId, Psk};
use openmls_rust_crypto::OpenMlsRustCrypto;
use openmls_traits::OpenMlsProvider;
use zeroize::Zeroizing;

use super::*;
use crate::derive::psk_id;
use crate::entering::{bytes, parse};
use crate::leaf::Seat;
use crate::rules::SUITE;
use crate::session::{LeafKey, Live, capabilities, group_config, leaf_extensions, store_psk};

/// What a lawless commit carries. `Default` is the PSK of generation 1 alone, which is lawful.
pub(super) struct Breach<'a> {
    pub(super) adds: Vec<&'a [u8]>,
    pub(super) removes: Vec<String>,
    pub(super) extensions: Option<Extensions<GroupContext>>,
    pub(super) generations: Vec<u32>,
    pub(super) others: Vec<Proposal>,
    pub(super) seat: Option<Seat>,
}

impl Default for Breach<'_> {
    fn default() -> Self {
        Self {
            adds: vec![],
            removes: vec![],
            extensions: None,
            generations: vec![1],
            others: vec![],
            seat: None,
        }
    }
}

pub(super) fn psk(provider: &OpenMlsRustCrypto, generation: u32) -> PreSharedKeyProposal {
    let psk = Psk::External(ExternalPsk::new(psk_id(generation)));
    PreSharedKeyProposal::new(PreSharedKeyId::new(SUITE, provider.rand(), psk).unwrap())
}

fn key_package(package: &[u8]) -> KeyPackage {
    let MlsMessageBodyIn::KeyPackage(package) = parse(package).unwrap().extract() else {
        panic!("no key package")
    };
    package
        .validate(&RustCrypto::default(), ProtocolVersion::Mls10)
        .unwrap()
}

fn leaf_of(person: &Person, identity: &str) -> LeafNodeIndex {
    let roster = &person.session.live.as_ref().unwrap().roster;
    LeafNodeIndex::new(
        *roster
            .iter()
            .find(|(_, seated)| seated.identity == identity)
            .unwrap()
            .0,
    )
}

fn parameters(seat: Option<&Seat>) -> LeafNodeParameters {
    match seat {
        None => LeafNodeParameters::default(),
        Some(seat) => LeafNodeParameters::builder()
            .with_capabilities(capabilities())
            .with_extensions(leaf_extensions(seat).unwrap())
            .build(),
    }
}

/// A member's commit, not merged by itself.
pub(super) fn commit(person: &mut Person, breach: Breach<'_>) -> Vec<u8> {
    let removed: Vec<_> = breach
        .removes
        .iter()
        .map(|identity| leaf_of(person, identity))
        .collect();
    let Session {
        live: Some(Live {
            group, provider, ..
        }),
        leaf: Some(leaf),
        crypto,
        ..
    } = &mut person.session
    else {
        panic!("not in a group");
    };
    let mut builder = group
        .commit_builder()
        .propose_adds(breach.adds.into_iter().map(key_package))
        .propose_removals(removed)
        .add_proposals(
            breach
                .generations
                .into_iter()
                .map(|number| Proposal::PreSharedKey(Box::new(psk(provider, number)))),
        )
        .add_proposals(breach.others)
        .leaf_node_parameters(parameters(breach.seat.as_ref()));
    if let Some(extensions) = breach.extensions {
        builder = builder
            .propose_group_context_extensions(extensions)
            .unwrap();
    }
    let bundle = builder
        .load_psks(provider.storage())
        .unwrap()
        .build(provider.rand(), crypto, &leaf.key, |_| true)
        .unwrap()
        .stage_commit(&*provider)
        .unwrap();
    let commit = bytes(bundle.commit()).unwrap();
    group.clear_pending_commit(provider.storage()).unwrap();
    commit
}

/// An external commit of somebody whose leaf holds this seat and identity.
pub(super) fn entry(
    info: &[u8],
    seat: &Seat,
    identity: &str,
    key: &LeafKey,
    generations: &[u32],
    secret: &[u8],
) -> Vec<u8> {
    let provider = OpenMlsRustCrypto::default();
    let keys = LinkKeys::derive(provider.crypto(), &RoomId::parse(ROOM).unwrap(), secret).unwrap();
    let MlsMessageBodyIn::GroupInfo(info) = parse(info).unwrap().extract() else {
        panic!("no GroupInfo")
    };
    for generation in generations {
        store_psk(&provider, *generation, &keys).unwrap();
    }
    let credential = openmls::prelude::CredentialWithKey {
        credential: openmls::prelude::BasicCredential::new(identity.as_bytes().to_vec()).into(),
        signature_key: key.public.clone().into(),
    };
    let (_, bundle) = MlsGroup::external_commit_builder()
        .with_config(group_config())
        .build_group(&provider, info, credential)
        .unwrap()
        .add_psk_proposals(generations.iter().map(|number| psk(&provider, *number)))
        .leaf_node_parameters(parameters(Some(seat)))
        .load_psks(provider.storage())
        .unwrap()
        .build(provider.rand(), provider.crypto(), key, |_| true)
        .unwrap()
        .finalize(&provider)
        .unwrap();
    bytes(bundle.commit()).unwrap()
}

/// A leaf key, and a seat that has signed it.
pub(super) fn seat(seat: &Key, certificate: Option<Vec<u8>>) -> (LeafKey, Seat) {
    let fresh = Key::new();
    let key = LeafKey {
        public: fresh.public.clone(),
        private: Zeroizing::new(fresh.private.clone()),
    };
    let room = RoomId::parse(ROOM).unwrap();
    let signature = seat.sign(&crate::leaf::signed_leaf(&room, &key.public));
    let name_ct = vec![0; 12 + 64 + 16];
    (
        key,
        Seat {
            seat_pk: seat.public.clone(),
            seat_sig: signature,
            name_ct,
            certificate,
        },
    )
}

/// The server's proposal to remove somebody, or to add a key package.
pub(super) fn server_removes(room: &Room, seen_by: &Person, identity: &str) -> Vec<u8> {
    let live = seen_by.session.live.as_ref().unwrap();
    let message = ExternalProposal::new_remove::<OpenMlsRustCrypto>(
        leaf_of(seen_by, identity),
        live.group.group_id().clone(),
        live.group.epoch(),
        &server(room),
        SenderExtensionIndex::new(0),
    );
    bytes(&message.unwrap()).unwrap()
}

pub(super) fn server_adds(room: &Room, seen_by: &Person, package: &[u8]) -> Vec<u8> {
    let live = seen_by.session.live.as_ref().unwrap();
    let message = ExternalProposal::new_add::<OpenMlsRustCrypto>(
        key_package(package),
        live.group.group_id().clone(),
        live.group.epoch(),
        &server(room),
        SenderExtensionIndex::new(0),
    );
    bytes(&message.unwrap()).unwrap()
}

fn server(room: &Room) -> LeafKey {
    let Key { public, private } = room.server_key.clone();
    LeafKey {
        public,
        private: Zeroizing::new(private),
    }
}

/// A member's wish that somebody be removed.
pub(super) fn member_proposes_to_remove(person: &mut Person, identity: &str) -> Vec<u8> {
    let removed = leaf_of(person, identity);
    let Session {
        live: Some(Live {
            group, provider, ..
        }),
        leaf: Some(leaf),
        ..
    } = &mut person.session
    else {
        panic!("not in a group");
    };
    let (message, _) = group
        .propose_remove_member(&*provider, &leaf.key, removed)
        .unwrap();
    bytes(&message).unwrap()
}

/// The server's proposal with another one in its place (type and body, RFC 9420 §12.1), signed again.
pub(super) fn server_proposes(room: &Room, removal: &[u8], proposal: &[u8]) -> Vec<u8> {
    // A Remove has 6 bytes; after it stand the signature's length in 2 and the signature.
    let mut signed = removal[..removal.len() - 66 - 6].to_vec();
    signed.extend_from_slice(proposal);
    let label = b"MLS 1.0 FramedContentTBS";
    // RFC 9420 §2.1.2: one byte up to 63, else two.
    let length = match u16::try_from(signed.len()).unwrap() {
        short @ 0..=63 => vec![short as u8],
        long => (long | 0x4000).to_be_bytes().to_vec(),
    };
    let content = [&[label.len() as u8][..], label, &length, &signed].concat();
    [&signed[..], &[0x40, 0x40], &room.server_key.sign(&content)].concat()
}

/// A member's wish to renew its own leaf.
pub(super) fn member_proposes_an_update(person: &mut Person) -> Vec<u8> {
    let Session {
        live: Some(Live {
            group, provider, ..
        }),
        leaf: Some(leaf),
        ..
    } = &mut person.session
    else {
        panic!("not in a group");
    };
    let (message, _) = group
        .propose_self_update(&*provider, &leaf.key, LeafNodeParameters::default())
        .unwrap();
    bytes(&message).unwrap()
}

/// The Welcome of an Add that carries no PSK, as a server that does not know the link would make it.
pub(super) fn welcome_without_psk(mut founder: Person, package: &[u8]) -> Vec<u8> {
    let Session {
        live: Some(Live {
            group, provider, ..
        }),
        leaf: Some(leaf),
        ..
    } = &mut founder.session
    else {
        panic!("not in a group");
    };
    let (_, welcome, _) = group
        .add_members(&*provider, &leaf.key, &[key_package(package)])
        .unwrap();
    bytes(&welcome).unwrap()
}
