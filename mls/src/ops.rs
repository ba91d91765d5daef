//! The requests of the boundary: CBOR `[op, {arguments}]` in, `{ok: value}` or `{error: code, detail}` out. It reads and writes values
//! and decides nothing.

use crate::cbor::{self, Value, numbered, record};
use crate::changing::Wish;
use crate::derive::{FINGERPRINT, KEY, RoomId, SIGNATURE, fingerprint, identity};
use crate::error::{Code, Outcome, Refusal, refuse};
use crate::hearing::Processed;
use crate::policy::{Admission, certificate_bytes, signed_certificate, signed_policy};
use crate::rules::Change;
use crate::session::{Opening, Session};

/// One module instance: a session, once it is opened.
#[derive(Default)]
pub struct Instance {
    session: Option<Session>,
}

impl Instance {
    pub fn new() -> Self {
        Self::default()
    }

    /// Answer one request; whatever the bytes are, there is an answer.
    pub fn call(&mut self, request: &[u8]) -> Vec<u8> {
        let answer = match self.answer(request) {
            Ok(value) => record([("ok", value)]),
            Err(refusal) => record([
                ("error", refusal.code.as_str().into()),
                ("detail", refusal.detail.as_str().into()),
            ]),
        };
        cbor::encode(&answer)
    }

    fn answer(&mut self, request: &[u8]) -> Outcome<Value> {
        let request = cbor::decode(request)
            .map_err(|refusal| Refusal::new(Code::BadRequest, refusal.detail))?;
        let [Value::Text(op), arguments @ Value::Map(_)] = request.as_array().unwrap_or_default()
        else {
            return refuse(Code::BadRequest, "a request is [op, {arguments}]");
        };
        let arguments = Arguments(arguments);
        if let Some(answer) = stateless(op, &arguments) {
            return answer;
        }
        if op == "open" {
            return self.open(&arguments);
        }
        match &mut self.session {
            Some(session) => stateful(session, op, &arguments),
            None => refuse(Code::WrongState, "`open` comes first"),
        }
    }

    fn open(&mut self, arguments: &Arguments<'_>) -> Outcome<Value> {
        if self.session.is_some() {
            return refuse(Code::WrongState, "one instance is one member of one room");
        }
        let session = Session::open(&Opening {
            room: arguments.text("room")?,
            secret: arguments.bytes("secret")?,
            fingerprint: arguments.bytes("f")?,
            policy: arguments.bytes("policy")?,
            apart: arguments.flag("apart")?,
            known_seq: arguments.optional_uint("seq")?.unwrap_or_default(),
            now: arguments.optional_uint("now")?,
        })?;
        let answer = policy_record(&session);
        self.session = Some(session);
        Ok(answer)
    }
}

/// The helpers that need no room to be open: what a host signs, and how what it signed travels.
fn stateless(op: &str, arguments: &Arguments<'_>) -> Option<Outcome<Value>> {
    match op {
        "policy_body" => Some(policy_body(arguments)),
        "policy_blob" => Some(policy_blob(arguments)),
        "cert_body" => Some(cert_body(arguments)),
        "certificate" => Some(certificate(arguments)),
        "identity" => Some(identities(arguments)),
        _ => None,
    }
}

fn stateful(session: &mut Session, op: &str, arguments: &Arguments<'_>) -> Outcome<Value> {
    match op {
        "new_leaf" => {
            let made = session.new_leaf(
                arguments.bytes("seat_pk")?,
                arguments.text("name")?,
                arguments.optional_bytes("leaf_key")?,
            )?;
            Ok(record([
                ("leaf_pk", made.leaf_pk.into()),
                ("to_sign", made.to_sign.into()),
                ("leaf_key", made.leaf_key.as_slice().into()),
            ]))
        }
        "seal_leaf" => {
            session.seal_leaf(
                arguments.bytes("seat_sig")?,
                arguments.optional_bytes("certificate")?,
            )?;
            Ok(record([]))
        }
        "key_package" => session.key_package().map(Into::into),
        "create" => {
            let founded = session.create(arguments.bytes("sender")?)?;
            Ok(record([
                ("group", founded.group.into()),
                ("epoch", founded.epoch.into()),
                ("info", founded.info.into()),
            ]))
        }
        "join_external" => {
            let entry = session.join_external(arguments.bytes("info")?)?;
            Ok(record([
                ("commit", entry.commit.into()),
                ("info", entry.info.into()),
                ("epoch", entry.epoch.into()),
            ]))
        }
        "join_welcome" => {
            let epoch = session.join_welcome(arguments.bytes("welcome")?)?;
            Ok(record([("epoch", epoch.into())]))
        }
        "commit" => commit(session, arguments),
        "accepted" => session
            .accepted()
            .map(|change| Value::Map(change_entries(&change))),
        "rejected" => session.rejected().map(|()| record([])),
        "process" => session
            .process(
                arguments.bytes("message")?,
                arguments.optional_text("gone")?,
            )
            .map(processed),
        "leave" => session.leave().map(Into::into),
        "seal_app" => session
            .seal_app(arguments.bytes("payload")?)
            .map(Into::into),
        "info" => session.info().map(Into::into),
        "roster" => roster(session),
        "keys" => {
            let keys = session.epoch_keys()?;
            Ok(record([
                ("epoch", keys.epoch.into()),
                ("base", keys.base.as_slice().into()),
                ("authenticator", keys.authenticator.into()),
                ("self_leaf", u64::from(keys.self_leaf).into()),
            ]))
        }
        "policy" => Ok(policy_record(session)),
        "new_secret" => session
            .new_secret(arguments.bytes("secret")?)
            .map(|()| record([])),
        "seal_name" => session
            .seal_name(arguments.bytes("seat_pk")?, arguments.text("name")?)
            .map(Into::into),
        "make_card" => session
            .make_card(
                arguments.bytes("seat_pk")?,
                arguments.text("name")?,
                arguments.optional_bytes("invitation")?,
            )
            .map(Into::into),
        "open_card" => {
            let invitation = arguments
                .optional_bytes("invitation")?
                .map(|id| Ok((id, arguments.bytes("secret")?)))
                .transpose()?;
            let card = session.open_card(arguments.bytes("card")?, invitation)?;
            Ok(record([
                ("seat_pk", card.seat_pk.into()),
                ("identity", card.identity.as_str().into()),
                ("name", card.name.as_str().into()),
            ]))
        }
        _ => refuse(Code::BadRequest, format!("no such operation: {op}")),
    }
}

fn commit(session: &mut Session, arguments: &Arguments<'_>) -> Outcome<Value> {
    let bytes = |value: &'static str| Refusal::new(Code::BadRequest, value);
    let sent = session.commit(&Wish {
        adds: arguments
            .list("adds")?
            .iter()
            .map(|item| item.as_bytes().ok_or_else(|| bytes("`adds` are bytes")))
            .collect::<Outcome<_>>()?,
        removes: arguments
            .list("removes")?
            .iter()
            .map(|item| item.as_text().ok_or_else(|| bytes("`removes` are texts")))
            .collect::<Outcome<_>>()?,
        policy: arguments.optional_bytes("policy")?,
        secret: arguments.optional_bytes("secret")?,
        update: arguments.flag("update")?,
    })?;
    Ok(record([
        ("commit", sent.commit.into()),
        ("info", sent.info.into()),
        ("welcome", sent.welcome.into()),
        ("to", texts(&sent.to)),
        ("epoch", sent.epoch.into()),
    ]))
}

fn processed(processed: Processed) -> Value {
    match processed {
        Processed::Commit(change) => {
            let mut entries = vec![("kind".into(), "commit".into())];
            entries.extend(change_entries(&change));
            Value::Map(entries)
        }
        Processed::Proposal { removes } => record([
            ("kind", "proposal".into()),
            ("removes", removes.as_deref().into()),
        ]),
        Processed::App {
            from,
            role,
            epoch,
            payload,
        } => record([
            ("kind", "app".into()),
            ("from", from.as_str().into()),
            ("role", role.into()),
            ("epoch", epoch.into()),
            ("payload", payload.into()),
        ]),
    }
}

fn change_entries(change: &Change) -> Vec<(Value, Value)> {
    vec![
        ("epoch".into(), change.epoch.into()),
        ("added".into(), texts(&change.added)),
        ("removed".into(), texts(&change.removed)),
        ("returned".into(), texts(&change.returned)),
        ("self_removed".into(), Value::Bool(change.self_removed)),
        ("policy_changed".into(), Value::Bool(change.policy_changed)),
        ("by".into(), change.by.as_deref().into()),
    ]
}

fn roster(session: &Session) -> Outcome<Value> {
    let members = session.roster()?;
    Ok(Value::Array(
        members
            .iter()
            .map(|member| {
                record([
                    ("leaf", u64::from(member.leaf).into()),
                    ("identity", member.identity.as_str().into()),
                    ("seat_pk", member.seat_pk.as_slice().into()),
                    ("leaf_pk", member.leaf_pk.as_slice().into()),
                    ("name", member.name.as_deref().into()),
                    ("role", member.role.into()),
                ])
            })
            .collect(),
    ))
}

fn policy_record(session: &Session) -> Value {
    let policy = session.policy();
    let admission = match policy.admission {
        Admission::Lobby => "lobby",
        Admission::Open => "open",
    };
    record([
        ("host_pk", policy.host_pk.as_slice().into()),
        ("gen", u64::from(policy.generation).into()),
        ("seq", policy.seq.into()),
        ("admission", admission.into()),
        ("max", (policy.max as u64).into()),
        ("banned", texts(&policy.banned)),
        (
            "about",
            policy.about.as_deref().map_or(Value::Null, Value::from),
        ),
        (
            "notes",
            policy.notes.as_deref().map_or(Value::Null, Value::from),
        ),
        ("blob", policy.blob.as_slice().into()),
        ("has_secret", Value::Bool(session.has_secret())),
    ])
}

fn texts(items: &[String]) -> Value {
    Value::Array(items.iter().map(|item| item.as_str().into()).collect())
}

fn policy_body(arguments: &Arguments<'_>) -> Outcome<Value> {
    let Value::Map(mut fields) = numbered([
        1.into(),
        RoomId::parse(arguments.text("room")?)?.as_str().into(),
        "e2ee".into(),
        1.into(),
        match arguments.text("admission")? {
            admission @ ("lobby" | "open") => admission.into(),
            _ => return refuse(Code::BadRequest, "`admission` is lobby or open"),
        },
        arguments.uint("max")?.into(),
        arguments.bytes_of("host_pk", KEY)?.into(),
        arguments.uint("gen")?.into(),
        arguments.uint("seq")?.into(),
        arguments
            .optional_uint("not_before")?
            .unwrap_or_default()
            .into(),
        arguments
            .optional_uint("not_after")?
            .unwrap_or_default()
            .into(),
        Value::Array(arguments.list("idps")?.to_vec()),
        Value::Array(arguments.list("banned")?.to_vec()),
    ]) else {
        return refuse(Code::Internal, "a policy is a map");
    };
    for (key, name) in [(14, "about"), (15, "notes")] {
        if let Some(sealed) = arguments.optional_bytes(name)? {
            fields.push((key.into(), sealed.into()));
        }
    }
    let body = cbor::encode(&Value::Map(fields));
    Ok(record([
        ("to_sign", signed_policy(&body).into()),
        ("body", body.into()),
    ]))
}

fn policy_blob(arguments: &Arguments<'_>) -> Outcome<Value> {
    let parts = vec![
        arguments.bytes("body")?.into(),
        arguments.bytes_of("sig", SIGNATURE)?.into(),
    ];
    Ok(cbor::encode(&Value::Array(parts)).into())
}

fn cert_body(arguments: &Arguments<'_>) -> Outcome<Value> {
    let room = RoomId::parse(arguments.text("room")?)?;
    let to_sign = signed_certificate(
        &room,
        arguments.role()?,
        arguments.bytes_of("seat_pk", KEY)?,
        arguments.uint("not_after")?,
    );
    Ok(to_sign.into())
}

fn certificate(arguments: &Arguments<'_>) -> Outcome<Value> {
    let (seat_pk, sig) = (arguments.bytes("seat_pk")?, arguments.bytes("sig")?);
    certificate_bytes(
        arguments.role()?,
        seat_pk,
        arguments.uint("not_after")?,
        sig,
    )
    .map(Into::into)
}

fn identities(arguments: &Arguments<'_>) -> Outcome<Value> {
    let key = arguments.bytes_of("pk", KEY)?;
    let crypto = openmls_rust_crypto::RustCrypto::default();
    let named = fingerprint(&crypto, key)?;
    debug_assert_eq!(named.len(), FINGERPRINT);
    Ok(record([
        ("identity", identity(&crypto, key)?.as_str().into()),
        ("f", named.into()),
    ]))
}

/// The arguments of a request, read with their types. An absent argument and `null` are the same.
struct Arguments<'a>(&'a Value);

impl<'a> Arguments<'a> {
    fn given(&self, name: &str) -> Option<&'a Value> {
        self.0
            .get(&name.into())
            .filter(|value| **value != Value::Null)
    }

    fn optional_bytes(&self, name: &str) -> Outcome<Option<&'a [u8]>> {
        self.given(name)
            .map(|value| value.as_bytes().ok_or_else(|| mistyped(name, "bytes")))
            .transpose()
    }

    fn bytes(&self, name: &str) -> Outcome<&'a [u8]> {
        self.optional_bytes(name)?
            .ok_or_else(|| mistyped(name, "bytes"))
    }

    fn bytes_of(&self, name: &str, length: usize) -> Outcome<&'a [u8]> {
        let bytes = self.bytes(name)?;
        if bytes.len() == length {
            Ok(bytes)
        } else {
            Err(mistyped(name, &format!("{length} bytes")))
        }
    }

    fn optional_text(&self, name: &str) -> Outcome<Option<&'a str>> {
        self.given(name)
            .map(|value| value.as_text().ok_or_else(|| mistyped(name, "a text")))
            .transpose()
    }

    fn text(&self, name: &str) -> Outcome<&'a str> {
        self.optional_text(name)?
            .ok_or_else(|| mistyped(name, "a text"))
    }

    fn optional_uint(&self, name: &str) -> Outcome<Option<u64>> {
        self.given(name)
            .map(|value| value.as_uint().ok_or_else(|| mistyped(name, "a number")))
            .transpose()
    }

    fn uint(&self, name: &str) -> Outcome<u64> {
        self.optional_uint(name)?
            .ok_or_else(|| mistyped(name, "a number"))
    }

    fn list(&self, name: &str) -> Outcome<&'a [Value]> {
        match self.given(name) {
            None => Ok(&[]),
            Some(value) => value.as_array().ok_or_else(|| mistyped(name, "a list")),
        }
    }

    fn flag(&self, name: &str) -> Outcome<bool> {
        match self.given(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(mistyped(name, "true or false")),
        }
    }

    fn role(&self) -> Outcome<u8> {
        match self.uint("role")? {
            1 => Ok(1),
            2 => Ok(2),
            _ => Err(mistyped("role", "1 (guest) or 2 (host)")),
        }
    }
}

fn mistyped(name: &str, kind: &str) -> Refusal {
    Refusal::new(Code::BadRequest, format!("`{name}` must be {kind}"))
}
