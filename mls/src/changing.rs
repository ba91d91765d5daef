//! Our own changes of the group we are in, and what we say to it: a commit goes through `rules` before it is sent, and counts once it is
//! accepted. What others send is read in `hearing`.

use openmls::prelude::{
    BasicCredential, Credential, KeyPackage, LeafNodeIndex, LeafNodeParameters, MlsMessageBodyIn,
    Proposal, ProtocolVersion, QueuedProposal, Sender,
};
use openmls_rust_crypto::RustCrypto;
use openmls_traits::OpenMlsProvider;
use openmls_traits::random::OpenMlsRand;
use zeroize::Zeroizing;

use crate::derive::{SECRET, open_name, seal_name};
use crate::entering::{bytes, parse, policy_extension, psk_proposal};
use crate::error::{Code, OrRefuse, Outcome, Refusal, refuse};
use crate::leaf::Seat;
use crate::policy::Policy;
use crate::rules::{self, Change, Ground, Roster, Verdict};
use crate::session::{Live, Pending, Session, leaf_extensions};

/// What a commit of ours shall do.
#[derive(Default)]
pub struct Wish<'a> {
    /// Key packages of those to add.
    pub adds: Vec<&'a [u8]>,
    /// Identities to remove.
    pub removes: Vec<&'a str>,
    /// A new policy.
    pub policy: Option<&'a [u8]>,
    /// The new link secret that goes with a policy of a later generation.
    pub secret: Option<&'a [u8]>,
    /// Renew our keys, and seal our name anew where the link has changed.
    pub update: bool,
}

/// A commit to send.
pub struct Sent {
    pub commit: Vec<u8>,
    pub info: Vec<u8>,
    pub welcome: Option<Vec<u8>>,
    /// Identities the Welcome is for.
    pub to: Vec<String>,
    /// The epoch it builds on.
    pub epoch: u64,
}

impl Session {
    /// Make a commit, with the proposals that wait; it changes nothing until [`Session::accepted`].
    ///
    /// # Errors
    /// `wrong_state`, `bad_request`, or the rule it would break.
    pub fn commit(&mut self, wish: &Wish<'_>) -> Outcome<Sent> {
        let now = self.now();
        self.live()?;
        if self.pending.is_some() {
            return refuse(Code::WrongState, "a commit is under way already");
        }
        let Self {
            crypto,
            room,
            fingerprint,
            live: Some(live),
            leaf,
            keys,
            ..
        } = self
        else {
            return refuse(Code::WrongState, "no group");
        };
        let Some((leaf, seat)) = leaf
            .as_ref()
            .and_then(|leaf| leaf.seat.as_ref().map(|seat| (leaf, seat)))
        else {
            return refuse(Code::WrongState, "no sealed leaf");
        };
        if !live.has_secret {
            return refuse(
                Code::WrongState,
                "the link secret in force is not known yet",
            );
        }
        let ground = Ground {
            crypto,
            room,
            fingerprint,
            now,
        };
        let policy = wish
            .policy
            .map(|blob| Policy::open(crypto, room, blob, now))
            .transpose()?;
        let changes_secret = policy
            .as_ref()
            .is_some_and(|policy| policy.generation > live.policy.generation);
        if changes_secret != wish.secret.is_some()
            || wish.secret.is_some_and(|secret| secret.len() != SECRET)
        {
            return refuse(
                Code::BadRequest,
                "a later generation and a new secret of 16 bytes go together",
            );
        }
        let added = wish
            .adds
            .iter()
            .map(|package| open_key_package(crypto, package))
            .collect::<Outcome<Vec<_>>>()?;
        let to = added
            .iter()
            .map(|package| identity_of(package.leaf_node().credential()))
            .collect::<Outcome<_>>()?;
        let own = live.group.own_leaf_index();
        let announced: Vec<_> = live
            .group
            .pending_proposals()
            .filter_map(removed_by)
            .collect();
        let removed = wish
            .removes
            .iter()
            .map(|identity| leaf_of(&live.roster, identity))
            .collect::<Outcome<Vec<_>>>()?;
        let resealed = match wish.update
            && open_name(crypto, &keys.meta, &seat.seat_pk, &seat.name_ct).is_none()
        {
            true => {
                let nonce = crypto.random_array().or_refuse(Code::Internal)?;
                let name_ct = seal_name(crypto, &keys.meta, nonce, &seat.seat_pk, &leaf.name)?;
                Some(Seat {
                    name_ct,
                    ..seat.clone()
                })
            }
            false => None,
        };

        let mut extensions = live.group.extensions().clone();
        let provider = &live.provider;
        let mut builder = live
            .group
            .commit_builder()
            .propose_adds(added)
            .propose_removals(
                removed
                    .into_iter()
                    .filter(|index| !announced.contains(index)),
            )
            .add_proposal(Proposal::PreSharedKey(Box::new(psk_proposal(
                provider,
                live.policy.generation,
            )?)))
            .force_self_update(wish.update);
        if let Some(policy) = &policy {
            extensions
                .add_or_replace(policy_extension(policy))
                .or_refuse(Code::Internal)?;
            builder = builder
                .propose_group_context_extensions(extensions)
                .or_refuse(Code::Internal)?;
        }
        if let Some(seat) = &resealed {
            let parameters = LeafNodeParameters::builder()
                .with_extensions(leaf_extensions(seat)?)
                .build();
            builder = builder.leaf_node_parameters(parameters);
        }
        let bundle = builder
            .load_psks(provider.storage())
            .or_refuse(Code::BadMls)?
            // Our own wish to leave is for somebody else to commit.
            .build(provider.rand(), crypto, &leaf.key, |proposal| {
                removed_by(proposal) != Some(own)
            })
            .or_refuse(Code::BadMls)?
            .stage_commit(provider)
            .or_refuse(Code::BadMls)?;

        let sender = Sender::Member(own);
        let judged = match live.group.pending_commit() {
            Some(staged) => rules::judge_commit(
                &ground,
                &live.group,
                &live.roster,
                &live.policy,
                &sender,
                staged,
            ),
            None => refuse(Code::Internal, "no commit was staged"),
        };
        let verdict = match judged {
            Ok(verdict) => verdict,
            Err(refusal) => {
                live.group
                    .clear_pending_commit(provider.storage())
                    .or_refuse(Code::Internal)?;
                return Err(refusal);
            }
        };
        let epoch = live.group.epoch().as_u64();
        let (commit, welcome, info) = bundle.into_messages();
        let info = info.ok_or_else(|| Refusal::new(Code::Internal, "no GroupInfo was made"))?;
        let sent = Sent {
            commit: bytes(&commit)?,
            info: bytes(&info)?,
            welcome: welcome.as_ref().map(bytes).transpose()?,
            to,
            epoch,
        };
        let secret = wish.secret.map(|secret| Zeroizing::new(secret.to_vec()));
        self.pending = Some(Pending {
            verdict,
            secret,
            seat: resealed,
        });
        Ok(sent)
    }

    /// The server has accepted what is under way: our external commit, or our commit.
    ///
    /// # Errors
    /// `wrong_state` where nothing is under way.
    pub fn accepted(&mut self) -> Outcome<Change> {
        if let Some(joined) = self.joining.take() {
            let change = Change {
                epoch: joined.group.epoch().as_u64(),
                added: vec![],
                removed: vec![],
                returned: vec![],
                self_removed: false,
                policy_changed: false,
                by: self.leaf.as_ref().map(|leaf| leaf.identity.clone()),
            };
            self.live = Some(joined);
            self.removed = false;
            return Ok(change);
        }
        let (Some(pending), Some(live)) = (self.pending.take(), self.live.as_mut()) else {
            return refuse(Code::WrongState, "nothing is under way");
        };
        live.group
            .merge_pending_commit(&live.provider)
            .or_refuse(Code::BadMls)?;
        if let (Some(seat), Some(leaf)) = (pending.seat, &mut self.leaf) {
            leaf.seat = Some(seat);
        }
        let change = self.apply(pending.verdict)?;
        if let Some(secret) = pending.secret {
            self.new_secret(&secret)?;
        }
        Ok(change)
    }

    /// The server has refused what is under way: forget it.
    ///
    /// # Errors
    /// `wrong_state` where nothing is under way.
    pub fn rejected(&mut self) -> Outcome<()> {
        if self.joining.take().is_some() {
            return Ok(());
        }
        match (self.pending.take(), self.live.as_mut()) {
            (Some(_), Some(live)) => live
                .group
                .clear_pending_commit(live.provider.storage())
                .or_refuse(Code::Internal),
            _ => refuse(Code::WrongState, "nothing is under way"),
        }
    }

    /// A proposal to remove ourselves, for somebody else to commit.
    pub fn leave(&mut self) -> Outcome<Vec<u8>> {
        self.live()?;
        let Self {
            live: Some(live),
            leaf: Some(leaf),
            ..
        } = self
        else {
            return refuse(Code::WrongState, "no group");
        };
        bytes(
            &live
                .group
                .leave_group(&live.provider, &leaf.key)
                .or_refuse(Code::WrongState)?,
        )
    }

    /// Encrypt a message to the group.
    pub fn seal_app(&mut self, payload: &[u8]) -> Outcome<Vec<u8>> {
        self.live()?;
        let Self {
            live: Some(Live {
                group, provider, ..
            }),
            leaf: Some(leaf),
            ..
        } = self
        else {
            return refuse(Code::WrongState, "no group");
        };
        // OpenMLS sends nothing while proposals wait for a commit. A server that proposes to remove somebody must not silence
        // everybody, so they are set aside meanwhile.
        let waiting: Vec<QueuedProposal> = group.pending_proposals().cloned().collect();
        group
            .clear_pending_proposals(provider.storage())
            .or_refuse(Code::Internal)?;
        let sealed = group.create_message(provider, &leaf.key, payload);
        for proposal in waiting {
            group
                .store_pending_proposal(provider.storage(), proposal)
                .or_refuse(Code::Internal)?;
        }
        bytes(&sealed.or_refuse(Code::WrongState)?)
    }

    /// Take over what a merged commit has changed.
    pub(crate) fn apply(&mut self, verdict: Verdict) -> Outcome<Change> {
        let Verdict {
            change,
            roster,
            policy,
        } = verdict;
        if change.self_removed {
            // Nothing of the group is needed any more; its secrets go with it.
            self.live = None;
            self.removed = true;
            return Ok(change);
        }
        let now = self.now();
        let Self {
            crypto,
            room,
            fingerprint,
            live: Some(live),
            ..
        } = self
        else {
            return refuse(Code::WrongState, "no group");
        };
        live.has_secret = live.has_secret && policy.generation == live.policy.generation;
        live.policy = policy;
        live.roster = roster;
        let agrees = live.group.members().all(|member| {
            live.roster
                .get(&member.index.u32())
                .is_some_and(|seated| seated.leaf_pk == member.signature_key)
        });
        if !agrees {
            let ground = Ground {
                crypto,
                room,
                fingerprint,
                now,
            };
            live.roster = rules::judge_tree(&ground, &live.policy, &live.group)?;
        }
        Ok(change)
    }
}

fn open_key_package(crypto: &RustCrypto, package: &[u8]) -> Outcome<KeyPackage> {
    match parse(package)?.extract() {
        MlsMessageBodyIn::KeyPackage(package) => package
            .validate(crypto, ProtocolVersion::Mls10)
            .or_refuse(Code::BadMls),
        _ => refuse(Code::Malformed, "no KeyPackage"),
    }
}

pub(crate) fn identity_of(credential: &Credential) -> Outcome<String> {
    let basic = BasicCredential::try_from(credential.clone()).or_refuse(Code::BadLeaf)?;
    String::from_utf8(basic.identity().to_vec()).or_refuse(Code::BadLeaf)
}

fn leaf_of(roster: &Roster, identity: &str) -> Outcome<LeafNodeIndex> {
    match roster
        .iter()
        .find(|(_, seated)| seated.identity == identity)
    {
        Some((index, _)) => Ok(LeafNodeIndex::new(*index)),
        None => refuse(Code::BadRequest, format!("{identity} is not in the group")),
    }
}

/// The leaf a proposal removes.
pub(crate) fn removed_by(proposal: &QueuedProposal) -> Option<LeafNodeIndex> {
    match proposal.proposal() {
        Proposal::Remove(remove) => Some(remove.removed()),
        _ => None,
    }
}
