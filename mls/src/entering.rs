//! The ways into a group: found it, come in by an external commit, or be added by a host and open the Welcome. Each checks the whole
//! tree before anything is shown or sent.

use openmls::prelude::tls_codec::{Deserialize, Serialize};
use openmls::prelude::{
    BasicCredential, Extension, Extensions, ExternalSender, GroupId, KeyPackage,
    LeafNodeParameters, MlsGroup, MlsMessageBodyIn, MlsMessageIn, MlsMessageOut,
    PreSharedKeyProposal, ProcessedWelcome, UnknownExtension,
};
use openmls::schedule::{ExternalPsk, PreSharedKeyId, Psk};
use openmls_rust_crypto::OpenMlsRustCrypto;
use openmls_traits::OpenMlsProvider;
use openmls_traits::random::OpenMlsRand;

use crate::derive::{KEY, psk_id};
use crate::error::{Code, OrRefuse, Outcome, Refusal, refuse};
use crate::leaf::POLICY_EXTENSION;
use crate::policy::Policy;
use crate::rules::{self, GROUP_ID_RANDOM, SUITE};
use crate::session::{
    Live, Session, capabilities, group_config, leaf_extensions, provider_with_psk,
};

/// A group that was just founded.
pub struct Founded {
    pub group: Vec<u8>,
    pub epoch: u64,
    pub info: Vec<u8>,
}

/// An external commit to send; we are in as soon as it is accepted.
pub struct Entry {
    pub commit: Vec<u8>,
    pub info: Vec<u8>,
    pub epoch: u64,
}

impl Session {
    /// Found the room's group, whose external sender is the server's key (32 bytes).
    ///
    /// # Errors
    /// `wrong_state`, `bad_request`, or the rule our own leaf breaks.
    pub fn create(&mut self, server_pk: &[u8]) -> Outcome<Founded> {
        self.outside()?;
        if server_pk.len() != KEY {
            return refuse(Code::BadRequest, "a key has 32 bytes");
        }
        let (leaf, seat) = self.sealed_leaf()?;
        let random: [u8; GROUP_ID_RANDOM] = self.crypto.random_array().or_refuse(Code::Internal)?;
        let server = ExternalSender::new(
            server_pk.into(),
            BasicCredential::new(b"server".to_vec()).into(),
        );
        let extensions = Extensions::from_vec(vec![
            Extension::RequiredCapabilities(rules::required_capabilities()),
            Extension::ExternalSenders(vec![server]),
            policy_extension(&self.policy),
        ])
        .or_refuse(Code::Internal)?;
        let provider = provider_with_psk(self.policy.generation, &self.keys)?;
        let config = group_config();
        let group = MlsGroup::builder()
            .with_group_id(GroupId::from_slice(
                &[self.room.as_bytes(), &random].concat(),
            ))
            .with_wire_format_policy(config.wire_format_policy())
            .use_ratchet_tree_extension(true)
            .ciphersuite(SUITE)
            .with_capabilities(capabilities())
            .with_group_context_extensions(extensions)
            .with_leaf_node_extensions(leaf_extensions(seat)?)
            .or_refuse(Code::Internal)?
            .build(&provider, &leaf.key, leaf.credential())
            .or_refuse(Code::BadMls)?;
        let mut live = self.admit(provider, group, self.policy.clone())?;
        live.group
            .set_configuration(live.provider.storage(), &config)
            .or_refuse(Code::Internal)?;
        let founded = Founded {
            group: live.group.group_id().as_slice().to_vec(),
            epoch: live.group.epoch().as_u64(),
            info: group_info(&live, self)?,
        };
        self.live = Some(live);
        Ok(founded)
    }

    /// Make the external commit that brings us into the group of `info`.
    ///
    /// # Errors
    /// Those of [`rules::judge_context`] and [`rules::judge_tree`]; `bad_mls`; `own_leaf_present`.
    pub fn join_external(&mut self, info: &[u8]) -> Outcome<Entry> {
        if self.joining.is_some() || self.pending.is_some() {
            return refuse(Code::WrongState, "something is under way already");
        }
        let MlsMessageBodyIn::GroupInfo(info) = parse(info)?.extract() else {
            return refuse(Code::Malformed, "no GroupInfo");
        };
        // Read before its signature is checked, to know which PSK to bring; the policy in it is signed for itself.
        let policy = rules::judge_context(&self.ground(), info.group_context(), self.policy().seq)?;
        // With a link of before a change everybody would refuse us, and the meeting would stumble over our commit.
        policy.check_link(&self.crypto, &self.room, &self.keys)?;
        let provider = provider_with_psk(policy.generation, &self.keys)?;
        let (leaf, seat) = self.sealed_leaf()?;
        let parameters = LeafNodeParameters::builder()
            .with_capabilities(capabilities())
            .with_extensions(leaf_extensions(seat)?)
            .build();
        let (group, bundle) = MlsGroup::external_commit_builder()
            .with_config(group_config())
            .build_group(&provider, info, leaf.credential())
            .or_refuse(Code::BadMls)?
            .add_psk_proposal(psk_proposal(&provider, policy.generation)?)
            .leaf_node_parameters(parameters)
            .load_psks(provider.storage())
            .or_refuse(Code::BadMls)?
            .build(provider.rand(), provider.crypto(), &leaf.key, |_| true)
            .or_refuse(Code::BadMls)?
            .finalize(&provider)
            .or_refuse(Code::BadMls)?;
        let own = leaf.identity.clone();
        let joining =
            self.admit(provider, group, policy)
                .map_err(|refusal| match refusal.code {
                    // OpenMLS replaces a leaf with our signature key; one signed by another key is still there.
                    Code::DuplicateIdentity if refusal.detail == own => {
                        Refusal::new(Code::OwnLeafPresent, own)
                    }
                    _ => refusal,
                })?;
        let (commit, _, info) = bundle.into_messages();
        let info = info.ok_or_else(|| Refusal::new(Code::Internal, "no GroupInfo was made"))?;
        let entry = Entry {
            commit: bytes(&commit)?,
            info: bytes(&info)?,
            epoch: joining.group.epoch().as_u64() - 1,
        };
        self.joining = Some(joining);
        Ok(entry)
    }

    /// A key package for a host to add; the Welcome to it must come to this session.
    pub fn key_package(&mut self) -> Outcome<Vec<u8>> {
        let (leaf, seat) = self.sealed_leaf()?;
        let provider = provider_with_psk(self.policy.generation, &self.keys)?;
        let bundle = KeyPackage::builder()
            .leaf_node_capabilities(capabilities())
            .leaf_node_extensions(leaf_extensions(seat)?)
            .build(SUITE, &provider, &leaf.key, leaf.credential())
            .or_refuse(Code::Internal)?;
        self.door = Some(provider);
        bytes(&bundle.key_package().clone().into())
    }

    /// Open the Welcome to our key package. It must bring the link's PSK, so it comes from somebody with the link.
    ///
    /// # Errors
    /// `no_psk`, `wrong_gen`, `wrong_secret`, and those of [`rules::judge_context`] and [`rules::judge_tree`].
    pub fn join_welcome(&mut self, welcome: &[u8]) -> Outcome<u64> {
        self.outside()?;
        let MlsMessageBodyIn::Welcome(welcome) = parse(welcome)?.extract() else {
            return refuse(Code::Malformed, "no Welcome");
        };
        let Some(provider) = self.door.take() else {
            return refuse(Code::WrongState, "no key package was made");
        };
        let processed = ProcessedWelcome::new_from_welcome(&provider, &group_config(), welcome)
            .map_err(crate::hearing::welcome_refusal)?;
        let [psk] = processed.psks() else {
            return refuse(Code::NoPsk, "a Welcome without the link's PSK");
        };
        let policy = rules::judge_context(
            &self.ground(),
            processed.unverified_group_info().group_context(),
            self.policy.seq,
        )?;
        if !matches!(psk.psk(), Psk::External(psk) if psk.psk_id() == psk_id(self.policy.generation))
        {
            return refuse(Code::WrongGen, "a Welcome with another PSK");
        }
        let group = processed
            .into_staged_welcome(&provider, None)
            .and_then(|staged| staged.into_group(&provider))
            .map_err(crate::hearing::welcome_refusal)?;
        // A host that adds and changes the generation at once seals with the one before: the next is yet to be told.
        let has_secret = policy.generation == self.policy.generation;
        let mut live = self.admit(provider, group, policy)?;
        live.has_secret = has_secret;
        let epoch = live.group.epoch().as_u64();
        self.live = Some(live);
        Ok(epoch)
    }

    /// The GroupInfo of the epoch we are in, to restore the meeting at a server that has forgotten it.
    pub fn info(&self) -> Outcome<Vec<u8>> {
        group_info(self.live()?, self)
    }

    fn outside(&self) -> Outcome<()> {
        if self.live.is_some() || self.joining.is_some() {
            return refuse(Code::WrongState, "there is a group already");
        }
        Ok(())
    }

    /// Trust a group after judging all of it.
    fn admit(&self, provider: OpenMlsRustCrypto, group: MlsGroup, policy: Policy) -> Outcome<Live> {
        let roster = rules::judge_tree(&self.ground(), &policy, &group)?;
        Ok(Live {
            provider,
            group,
            roster,
            policy,
            has_secret: true,
        })
    }
}

fn group_info(live: &Live, session: &Session) -> Outcome<Vec<u8>> {
    let (leaf, _) = session.sealed_leaf()?;
    bytes(
        &live
            .group
            .export_group_info(&session.crypto, &leaf.key, true)
            .or_refuse(Code::Internal)?,
    )
}

/// The policy as a group carries it.
pub(crate) fn policy_extension(policy: &Policy) -> Extension {
    Extension::Unknown(POLICY_EXTENSION, UnknownExtension(policy.blob.clone()))
}

/// A proposal of the PSK of a generation, with a fresh nonce.
pub(crate) fn psk_proposal(
    provider: &OpenMlsRustCrypto,
    generation: u32,
) -> Outcome<PreSharedKeyProposal> {
    let psk = Psk::External(ExternalPsk::new(psk_id(generation)));
    PreSharedKeyId::new(SUITE, provider.rand(), psk)
        .map(PreSharedKeyProposal::new)
        .or_refuse(Code::Internal)
}

/// Read one MLS message and nothing after it.
pub(crate) fn parse(message: &[u8]) -> Outcome<MlsMessageIn> {
    MlsMessageIn::tls_deserialize_exact(message).or_refuse(Code::Malformed)
}

pub(crate) fn bytes(message: &MlsMessageOut) -> Outcome<Vec<u8>> {
    message.tls_serialize_detached().or_refuse(Code::Internal)
}
