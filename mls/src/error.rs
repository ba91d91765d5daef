//! Why a request or a message was refused: a code for the program and a detail for the log, which never holds a secret.

use std::fmt::Debug;

/// The codes a caller can meet; `as_str` is what stands in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The request itself is not one: unknown operation, missing or mistyped argument.
    BadRequest,
    /// The operation needs a leaf, a group, a commit under way or a link secret that is not there, or is there already.
    WrongState,
    /// The bytes are no message of ours.
    Malformed,
    /// The host key is not the one the link names.
    WrongHostKey,
    /// The policy is not signed by the host key, is malformed, or not in force.
    BadPolicy,
    /// The policy is older than one seen before.
    PolicyRollback,
    /// It belongs to another room or another group.
    WrongRoom,
    /// It belongs to another epoch; the past cannot be processed again.
    WrongEpoch,
    /// OpenMLS refused the message: a signature, a tag or a rule of RFC 9420.
    BadMls,
    /// The sender holds another link secret: PSK or confirmation tag disagree.
    WrongSecret,
    /// Somebody sent this who may not send it.
    WrongSender,
    /// A commit without exactly one PSK proposal, or a Welcome without the link's PSK.
    NoPsk,
    /// The PSK is of a generation that is not in force.
    WrongGen,
    /// An external commit with more than it may carry.
    ExternalShape,
    /// A leaf without certificate in a room with a lobby.
    NotCertified,
    /// Only a host may do this.
    NotAHost,
    /// A Remove of somebody else.
    ForeignRemove,
    /// ReInit, Update, or any other proposal this protocol does not use.
    ForbiddenProposal,
    /// The group's extensions are not the ones of this protocol.
    BadExtensions,
    /// A member changed more of its leaf than its name.
    LeafChanged,
    /// Leaf extension, seat signature or credential are wrong.
    BadLeaf,
    /// The certificate is not the host's, not this seat's, or too old.
    BadCertificate,
    /// Two leaves of one identity.
    DuplicateIdentity,
    /// The policy bans this identity.
    Banned,
    /// More leaves than the policy allows.
    Full,
    /// We are not in the group any more.
    Removed,
    /// Our own earlier leaf is still there and was signed by another key: a member or the server must remove it first.
    OwnLeafPresent,
    /// Something that cannot happen did.
    Internal,
}

impl Code {
    /// The code as it crosses the boundary.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::WrongState => "wrong_state",
            Self::Malformed => "malformed",
            Self::WrongHostKey => "wrong_host_key",
            Self::BadPolicy => "bad_policy",
            Self::PolicyRollback => "policy_rollback",
            Self::WrongRoom => "wrong_room",
            Self::WrongEpoch => "wrong_epoch",
            Self::BadMls => "bad_mls",
            Self::WrongSecret => "wrong_secret",
            Self::WrongSender => "wrong_sender",
            Self::NoPsk => "no_psk",
            Self::WrongGen => "wrong_gen",
            Self::ExternalShape => "external_shape",
            Self::NotCertified => "not_certified",
            Self::NotAHost => "not_a_host",
            Self::ForeignRemove => "foreign_remove",
            Self::ForbiddenProposal => "forbidden_proposal",
            Self::BadExtensions => "bad_extensions",
            Self::LeafChanged => "leaf_changed",
            Self::BadLeaf => "bad_leaf",
            Self::BadCertificate => "bad_certificate",
            Self::DuplicateIdentity => "duplicate_identity",
            Self::Banned => "banned",
            Self::Full => "full",
            Self::Removed => "removed",
            Self::OwnLeafPresent => "own_leaf_present",
            Self::Internal => "internal",
        }
    }
}

/// A refusal. The session stays usable in the epoch it was in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: Code,
    pub detail: String,
}

impl Refusal {
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }
}

/// What an operation gives back.
pub type Outcome<T> = Result<T, Refusal>;

/// `Err` with this code and detail.
pub(crate) fn refuse<T>(code: Code, detail: impl Into<String>) -> Outcome<T> {
    Err(Refusal::new(code, detail))
}

/// Gives an error of a library one of our codes.
pub(crate) trait OrRefuse<T> {
    fn or_refuse(self, code: Code) -> Outcome<T>;
}

impl<T, E: Debug> OrRefuse<T> for Result<T, E> {
    fn or_refuse(self, code: Code) -> Outcome<T> {
        self.map_err(|error| Refusal::new(code, format!("{error:?}")))
    }
}
