//! Who may change a group: every commit, proposal and tree is judged here before it is merged or trusted. Purely: what is judged goes in,
//! a verdict comes out; OpenMLS has checked the rules of RFC 9420 before.

use std::collections::{BTreeMap, BTreeSet};

use openmls::prelude::tls_codec::{Deserialize, Serialize};
use openmls::prelude::{
    Ciphersuite, CredentialType, ExtensionType, Extensions, GroupContext, GroupId, LeafNode,
    MlsGroup, PreSharedKeyProposal, Proposal, ProposalOrRefType, QueuedProposal,
    RequiredCapabilitiesExtension, Sender, SenderExtensionIndex, StagedCommit, UnknownExtension,
};
use openmls::schedule::{PreSharedKeyId, Psk};
use openmls_rust_crypto::RustCrypto;

use crate::derive::{ROOM_ID, RoomId, psk_id};
use crate::error::{Code, OrRefuse, Outcome, Refusal, refuse};
use crate::leaf::{POLICY_EXTENSION, SEAT_EXTENSION, Seated};
use crate::policy::{Admission, Policy, Role};

/// MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519, the only suite of version 1.
pub const SUITE: Ciphersuite = Ciphersuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519;

/// Random bytes after the room id in a group id.
pub const GROUP_ID_RANDOM: usize = 8;

/// The verified leaves of a group by leaf index.
pub type Roster = BTreeMap<u32, Seated>;

/// What does not change during a session, and the time.
pub struct Ground<'a> {
    pub crypto: &'a RustCrypto,
    pub room: &'a RoomId,
    /// The F of the link.
    pub fingerprint: &'a [u8],
    /// Unix seconds.
    pub now: u64,
}

/// What a commit does, for those who watch the group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub epoch: u64,
    pub added: Vec<String>,
    pub removed: Vec<String>,
    /// Identities that came in anew while they were there: a reload, a recovery.
    pub returned: Vec<String>,
    pub self_removed: bool,
    pub policy_changed: bool,
    /// The identity that committed.
    pub by: Option<String>,
}

/// A commit that may be merged, and what will hold afterwards.
pub struct Verdict {
    pub change: Change,
    pub roster: Roster,
    pub policy: Policy,
}

/// The capabilities every leaf has and every group requires.
pub fn required_capabilities() -> RequiredCapabilitiesExtension {
    RequiredCapabilitiesExtension::new(
        &[
            ExtensionType::Unknown(POLICY_EXTENSION),
            ExtensionType::Unknown(SEAT_EXTENSION),
        ],
        &[],
        &[CredentialType::Basic],
    )
}

/// The policy blob in a group context.
pub fn policy_blob(extensions: &Extensions<GroupContext>) -> Outcome<&[u8]> {
    match extensions.unknown(POLICY_EXTENSION) {
        Some(UnknownExtension(blob)) => Ok(blob),
        None => refuse(Code::BadExtensions, "the group has no policy"),
    }
}

/// Judge the context of a group one is about to join; its policy.
///
/// # Errors
/// `wrong_room`, `bad_extensions`, `bad_policy`, `wrong_host_key`, `policy_rollback`.
pub fn judge_context(
    ground: &Ground<'_>,
    context: &GroupContext,
    known_seq: u64,
) -> Outcome<Policy> {
    check_group_id(ground.room, context.group_id())?;
    if context.ciphersuite() != SUITE {
        return refuse(Code::BadPolicy, "another suite");
    }
    let extensions = context.extensions();
    if extensions.iter().count() != 3
        || extensions.required_capabilities() != Some(&required_capabilities())
        || extensions.external_senders().map(Vec::len) != Some(1)
    {
        return refuse(Code::BadExtensions, "not the extensions of this protocol");
    }
    let policy = Policy::open(
        ground.crypto,
        ground.room,
        policy_blob(extensions)?,
        ground.now,
    )?;
    policy.check_fingerprint(ground.crypto, ground.fingerprint)?;
    if policy.seq < known_seq {
        return refuse(
            Code::PolicyRollback,
            "the group has an older policy than one seen before",
        );
    }
    Ok(policy)
}

/// Is this the id of a group of the room?
pub fn check_group_id(room: &RoomId, group: &GroupId) -> Outcome<()> {
    if group.as_slice().len() == ROOM_ID + GROUP_ID_RANDOM
        && group.as_slice().starts_with(room.as_bytes())
    {
        Ok(())
    } else {
        refuse(Code::WrongRoom, "the group of another room")
    }
}

/// Verify every leaf of a tree and the tree as a whole, as one who joins must.
///
/// # Errors
/// Those of [`Seated::open`] and [`judge_roster`].
pub fn judge_tree(ground: &Ground<'_>, policy: &Policy, group: &MlsGroup) -> Outcome<Roster> {
    let mut roster = Roster::new();
    for member in group.members() {
        let leaf = group
            .public_group()
            .leaf(member.index)
            .ok_or_else(no_such_leaf)?;
        roster.insert(
            member.index.u32(),
            Seated::open(ground.crypto, ground.room, &policy.host_pk, leaf)?,
        );
    }
    judge_roster(ground, policy, &roster)?;
    Ok(roster)
}

/// Judge a tree of verified leaves: size, bans, certificates, one leaf an identity.
///
/// # Errors
/// `full`, `banned`, `not_certified`, `bad_certificate`, `duplicate_identity`.
fn judge_roster(ground: &Ground<'_>, policy: &Policy, roster: &Roster) -> Outcome<()> {
    if roster.len() > policy.max {
        return refuse(
            Code::Full,
            format!("{} leaves, {} allowed", roster.len(), policy.max),
        );
    }
    let mut identities = BTreeSet::new();
    for seated in roster.values() {
        if !identities.insert(seated.identity.as_str()) {
            return refuse(Code::DuplicateIdentity, seated.identity.clone());
        }
        judge_leaf(ground, policy, seated)?;
    }
    Ok(())
}

fn judge_leaf(ground: &Ground<'_>, policy: &Policy, seated: &Seated) -> Outcome<()> {
    if policy.banned.contains(&seated.identity) {
        return refuse(Code::Banned, seated.identity.clone());
    }
    match &seated.certificate {
        Some(certificate) if !certificate.is_valid_at(ground.now) => refuse(
            Code::BadCertificate,
            format!("the certificate of {} ran out", seated.identity),
        ),
        None if policy.admission == Admission::Lobby => {
            refuse(Code::NotCertified, seated.identity.clone())
        }
        _ => Ok(()),
    }
}

/// Judge a proposal that came by itself: only to leave, or the server's Remove of somebody gone.
///
/// # Errors
/// `foreign_remove` or `forbidden_proposal`.
pub fn judge_proposal(proposal: &QueuedProposal) -> Outcome<()> {
    match (proposal.proposal(), proposal.sender()) {
        (Proposal::Remove(remove), Sender::Member(sender)) if remove.removed() == *sender => Ok(()),
        (Proposal::Remove(_), Sender::External(sender))
            if *sender == SenderExtensionIndex::new(0) =>
        {
            Ok(())
        }
        (Proposal::Remove(_), _) => {
            refuse(Code::ForeignRemove, "a proposal to remove somebody else")
        }
        (other, sender) => refuse(
            Code::ForbiddenProposal,
            format!("{:?} by {sender:?}", other.proposal_type()),
        ),
    }
}

/// Judge a commit: who sent it, what it carries, and the tree and policy it leads to.
///
/// # Errors
/// The rule it breaks.
pub fn judge_commit(
    ground: &Ground<'_>,
    group: &MlsGroup,
    roster: &Roster,
    policy: &Policy,
    sender: &Sender,
    commit: &StagedCommit,
) -> Outcome<Verdict> {
    let carried = Carried::read(commit)?;
    match carried.psks.as_slice() {
        [id] if *id == psk_id(policy.generation) => {}
        [_] => return refuse(Code::WrongGen, "a PSK of another generation"),
        _ => return refuse(Code::NoPsk, format!("{} PSK proposals", carried.psks.len())),
    }

    let mut after = roster.clone();
    for index in carried.removed.iter().chain(&carried.announced) {
        after.remove(index);
    }
    let mut next_policy = policy.clone();
    let by = match sender {
        Sender::Member(index) => {
            let committer = roster.get(&index.u32()).ok_or_else(no_such_leaf)?;
            let is_host = committer.role_at(ground.now) == Role::Host;
            carried.judge_member(is_host)?;
            if let Some(extensions) = carried.extensions {
                next_policy = judge_extensions(ground, group.extensions(), extensions, policy)?;
            }
            if let Some(leaf) = commit.update_path_leaf_node() {
                after.insert(index.u32(), judge_update(ground, policy, committer, leaf)?);
            }
            committer.identity.clone()
        }
        Sender::NewMemberCommit => {
            carried.judge_external()?;
            let leaf = commit.update_path_leaf_node().ok_or_else(no_such_leaf)?;
            let newcomer = Seated::open(ground.crypto, ground.room, &policy.host_pk, leaf)?;
            if let Some(replaced) = carried.removed.first().and_then(|index| roster.get(index))
                && (replaced.identity != newcomer.identity
                    || replaced.seat.seat_pk != newcomer.seat.seat_pk)
            {
                return refuse(
                    Code::ForeignRemove,
                    "an external commit that removes somebody else",
                );
            }
            let index = group
                .ext_commit_sender_index(commit)
                .or_refuse(Code::BadMls)?;
            let by = newcomer.identity.clone();
            after.insert(index.u32(), newcomer);
            by
        }
        _ => return refuse(Code::WrongSender, "only members and newcomers commit"),
    };
    for leaf in &carried.added {
        let newcomer = Seated::open(ground.crypto, ground.room, &policy.host_pk, leaf)?;
        let free = (0..)
            .find(|index| !after.contains_key(index))
            .unwrap_or_default();
        after.insert(free, newcomer);
    }
    judge_roster(ground, &next_policy, &after)?;

    let is_in =
        |roster: &Roster, identity: &str| roster.values().any(|seated| seated.identity == identity);
    let came: Vec<&Seated> = carried
        .added
        .iter()
        .filter_map(|leaf| {
            after
                .values()
                .find(|seated| seated.leaf_pk == leaf.signature_key().as_slice())
        })
        .chain(match sender {
            Sender::NewMemberCommit => after.values().find(|seated| seated.identity == by),
            _ => None,
        })
        .collect();
    let (returned, added) = came
        .into_iter()
        .map(|seated| seated.identity.clone())
        .partition(|identity| is_in(roster, identity));
    let removed = carried
        .removed
        .iter()
        .chain(&carried.announced)
        .filter_map(|index| roster.get(index))
        .map(|seated| seated.identity.clone())
        .filter(|identity| !is_in(&after, identity))
        .collect();
    let change = Change {
        epoch: commit.epoch().as_u64(),
        added,
        removed,
        returned,
        self_removed: commit.self_removed(),
        policy_changed: carried.extensions.is_some(),
        by: Some(by),
    };
    Ok(Verdict {
        change,
        roster: after,
        policy: next_policy,
    })
}

/// The proposals of a commit, sorted by kind.
struct Carried<'a> {
    psks: Vec<Vec<u8>>,
    added: Vec<&'a LeafNode>,
    /// Removed by the committer.
    removed: Vec<u32>,
    /// Removed because they or the server asked for it.
    announced: Vec<u32>,
    extensions: Option<&'a Extensions<GroupContext>>,
    external_inits: usize,
}

impl<'a> Carried<'a> {
    fn read(commit: &'a StagedCommit) -> Outcome<Self> {
        let mut carried = Self {
            psks: vec![],
            added: vec![],
            removed: vec![],
            announced: vec![],
            extensions: None,
            external_inits: 0,
        };
        for proposal in commit.queued_proposals() {
            if proposal.proposal_or_ref_type() == ProposalOrRefType::Reference {
                judge_proposal(proposal)?;
                if let Proposal::Remove(remove) = proposal.proposal() {
                    carried.announced.push(remove.removed().u32());
                }
                continue;
            }
            match proposal.proposal() {
                Proposal::PreSharedKey(psk) => carried.psks.push(external_psk_id(psk)?),
                Proposal::Add(add) => carried.added.push(add.key_package().leaf_node()),
                Proposal::Remove(remove) => carried.removed.push(remove.removed().u32()),
                Proposal::GroupContextExtensions(proposal) if carried.extensions.is_none() => {
                    carried.extensions = Some(proposal.extensions());
                }
                Proposal::ExternalInit(_) => carried.external_inits += 1,
                other => {
                    return refuse(
                        Code::ForbiddenProposal,
                        format!("{:?}", other.proposal_type()),
                    );
                }
            }
        }
        Ok(carried)
    }

    /// A member may commit what others asked for; only a host adds, removes and changes the policy.
    fn judge_member(&self, is_host: bool) -> Outcome<()> {
        if self.external_inits > 0 {
            return refuse(Code::ForbiddenProposal, "ExternalInit by a member");
        }
        if is_host {
            return Ok(());
        }
        match self {
            _ if !self.removed.is_empty() => {
                refuse(Code::ForeignRemove, "only a host removes others")
            }
            _ if !self.added.is_empty() => refuse(Code::NotAHost, "only a host adds"),
            _ if self.extensions.is_some() => {
                refuse(Code::NotAHost, "only a host changes the policy")
            }
            _ => Ok(()),
        }
    }

    fn judge_external(&self) -> Outcome<()> {
        let alone = self.added.is_empty() && self.announced.is_empty() && self.extensions.is_none();
        if alone && self.external_inits == 1 && self.removed.len() <= 1 {
            Ok(())
        } else {
            refuse(
                Code::ExternalShape,
                "more than ExternalInit, PSK and one Remove",
            )
        }
    }
}

/// Judge a host's new extensions: the policy alone changes, to a later one of the same room and host.
fn judge_extensions(
    ground: &Ground<'_>,
    now: &Extensions<GroupContext>,
    next: &Extensions<GroupContext>,
    policy: &Policy,
) -> Outcome<Policy> {
    if next.iter().count() != now.iter().count()
        || next.required_capabilities() != now.required_capabilities()
        || next.external_senders() != now.external_senders()
    {
        return refuse(Code::BadExtensions, "only the policy may change");
    }
    let changed = Policy::open(ground.crypto, ground.room, policy_blob(next)?, ground.now)?;
    if changed.host_pk != policy.host_pk {
        return refuse(Code::WrongHostKey, "the policy of another host");
    }
    if changed.seq <= policy.seq || changed.generation < policy.generation {
        return refuse(
            Code::PolicyRollback,
            "the policy does not come after the one in force",
        );
    }
    Ok(changed)
}

/// Judge a committer's new leaf: nothing but its encryption key and its sealed name may differ.
fn judge_update(
    ground: &Ground<'_>,
    policy: &Policy,
    before: &Seated,
    leaf: &LeafNode,
) -> Outcome<Seated> {
    let after = Seated::open(ground.crypto, ground.room, &policy.host_pk, leaf)?;
    if after.leaf_pk == before.leaf_pk
        && after.seat.seat_pk == before.seat.seat_pk
        && after.seat.seat_sig == before.seat.seat_sig
        && after.seat.certificate == before.seat.certificate
    {
        Ok(after)
    } else {
        refuse(Code::LeafChanged, before.identity.clone())
    }
}

/// The id in a PSK proposal. OpenMLS keeps it to itself but for its encoding.
fn external_psk_id(proposal: &PreSharedKeyProposal) -> Outcome<Vec<u8>> {
    let encoded = proposal
        .tls_serialize_detached()
        .or_refuse(Code::Malformed)?;
    match PreSharedKeyId::tls_deserialize_exact(encoded)
        .or_refuse(Code::Malformed)?
        .psk()
    {
        Psk::External(psk) => Ok(psk.psk_id().to_vec()),
        Psk::Resumption(_) => refuse(Code::ForbiddenProposal, "a resumption PSK"),
    }
}

fn no_such_leaf() -> Refusal {
    Refusal::new(Code::BadMls, "a leaf that is not there")
}
