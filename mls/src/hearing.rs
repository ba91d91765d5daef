//! What others send to the group we are in: it is decrypted, judged by `rules`, and only then merged or handed on.

use std::fmt::Debug;

use openmls::group::{ProcessMessageError, StageCommitError, ValidationError, WelcomeError};
use openmls::prelude::{MlsGroupStateError, ProcessedMessageContent, ProtocolMessage};
use openmls::schedule::errors::PskError;
use openmls_traits::OpenMlsProvider;

use crate::changing::{identity_of, removed_by};
use crate::entering::parse;
use crate::error::{Code, OrRefuse, Outcome, Refusal, refuse};
use crate::rules::{self, Change, Ground};
use crate::session::Session;

/// What a message was.
pub enum Processed {
    Commit(Change),
    /// A proposal that waits for a commit, and the identity it removes.
    Proposal {
        removes: Option<String>,
    },
    App {
        from: String,
        role: &'static str,
        epoch: u64,
        payload: Vec<u8>,
    },
}

impl Session {
    /// Take a message from the server. What is refused changes nothing. `gone` is whom the server says a proposal of its own
    /// removes; another proposal is refused then.
    ///
    /// # Errors
    /// The rule of RFC 9420 or of this protocol that the message breaks.
    pub fn process(&mut self, message: &[u8], gone: Option<&str>) -> Outcome<Processed> {
        let now = self.now();
        self.live()?;
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
        let ground = Ground {
            crypto,
            room,
            fingerprint,
            now,
        };
        let message: ProtocolMessage = parse(message)?
            .try_into_protocol_message()
            .or_refuse(Code::Malformed)?;
        let processed = live
            .group
            .process_message(&live.provider, message)
            .map_err(message_refusal)?;
        let sender = processed.sender().clone();
        let epoch = processed.epoch().as_u64();
        let credential = processed.credential().clone();
        match processed.into_content() {
            ProcessedMessageContent::ApplicationMessage(message) => {
                let from = identity_of(&credential)?;
                let seated = live.roster.values().find(|seated| seated.identity == from);
                let role = seated.map_or("guest", |seated| seated.role_at(now).as_str());
                Ok(Processed::App {
                    from,
                    role,
                    epoch,
                    payload: message.into_bytes(),
                })
            }
            ProcessedMessageContent::ProposalMessage(proposal) => {
                rules::judge_proposal(&proposal)?;
                let removes = removed_by(&proposal)
                    .and_then(|leaf| live.roster.get(&leaf.u32()))
                    .map(|seated| seated.identity.clone());
                if gone.is_some() && gone != removes.as_deref() {
                    return refuse(
                        Code::ForeignRemove,
                        "it removes another than it was said to",
                    );
                }
                live.group
                    .store_pending_proposal(live.provider.storage(), *proposal)
                    .or_refuse(Code::Internal)?;
                Ok(Processed::Proposal { removes })
            }
            ProcessedMessageContent::StagedCommitMessage(commit) => {
                let verdict = rules::judge_commit(
                    &ground,
                    &live.group,
                    &live.roster,
                    &live.policy,
                    &sender,
                    &commit,
                )?;
                live.group
                    .merge_staged_commit(&live.provider, *commit)
                    .or_refuse(Code::BadMls)?;
                // Merging the winner has cleared our own.
                self.pending = None;
                self.apply(verdict).map(Processed::Commit)
            }
            ProcessedMessageContent::OwnPendingCommit => self.accepted().map(Processed::Commit),
            ProcessedMessageContent::OwnPrivateMessage => {
                refuse(Code::WrongSender, "our own message")
            }
            ProcessedMessageContent::ExternalJoinProposalMessage(_) => {
                refuse(Code::ForbiddenProposal, "a stranger's wish to be added")
            }
        }
    }
}

/// Our code for what OpenMLS says of a message.
fn message_refusal<S: Debug>(error: ProcessMessageError<S>) -> Refusal {
    let code = match &error {
        ProcessMessageError::InvalidCommit(StageCommitError::PskError(PskError::KeyNotFound)) => {
            Code::WrongGen
        }
        ProcessMessageError::InvalidCommit(StageCommitError::ConfirmationTagMismatch) => {
            Code::WrongSecret
        }
        ProcessMessageError::ValidationError(ValidationError::WrongGroupId) => Code::WrongRoom,
        ProcessMessageError::ValidationError(
            ValidationError::WrongEpoch | ValidationError::NoPastEpochData,
        ) => Code::WrongEpoch,
        ProcessMessageError::ValidationError(ValidationError::UnauthorizedExternalSender)
        | ProcessMessageError::UnauthorizedExternalApplicationMessage
        | ProcessMessageError::UnauthorizedExternalCommitMessage => Code::WrongSender,
        ProcessMessageError::UnsupportedProposalType => Code::ForbiddenProposal,
        ProcessMessageError::GroupStateError(MlsGroupStateError::UseAfterEviction) => Code::Removed,
        _ => Code::BadMls,
    };
    Refusal::new(code, format!("{error:?}"))
}

/// Our code for what OpenMLS says of a Welcome.
pub(crate) fn welcome_refusal<S: Debug>(error: WelcomeError<S>) -> Refusal {
    let code = match &error {
        WelcomeError::Psk(PskError::KeyNotFound) => Code::WrongGen,
        // The key that opens the GroupInfo follows from the PSK.
        WelcomeError::ConfirmationTagMismatch | WelcomeError::GroupInfo(_) => Code::WrongSecret,
        _ => Code::BadMls,
    };
    Refusal::new(code, format!("{error:?}"))
}
