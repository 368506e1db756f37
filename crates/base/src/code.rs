//! Every error code that Mainstay can answer, in one list. A code that is retired stays listed,
//! marked so, and is never given a second meaning. docs/errors.md is generated from this file.

macro_rules! codes {
    ($($name:ident = $text:literal, $status:literal, $meaning:literal;)*) => {
        /// A stable name for one way to fail.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum Code {
            $(#[doc = $meaning] $name,)*
        }

        impl Code {
            /// All codes, in the order of the documentation.
            pub const ALL: &[Code] = &[$(Code::$name,)*];

            /// The code as clients see it.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }

            /// The HTTP status that goes with it: the only place where it is chosen.
            #[must_use]
            pub fn status(self) -> u16 {
                match self { $(Code::$name => $status,)* }
            }

            /// When it happens, in one sentence.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Code::$name => $meaning,)* }
            }

            /// The name of the variant, by which tests and tidy speak of it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Code::$name => stringify!($name),)* }
            }
        }
    };
}

codes! {
    // The data API, codes of the PostgREST dialect.
    DatabaseUnavailable = "PGRST001", 503, "The database cannot be reached or has stopped taking writes; try again.";
    QueueFull = "PGRST003", 503, "Too many requests wait for the database; try again after the time in Retry-After.";
    QueryUnreadable = "PGRST100", 400, "The query string does not parse.";
    FunctionMethodWrong = "PGRST101", 405, "A function is called by POST, and by GET or HEAD when it only reads.";
    BodyUnreadable = "PGRST102", 400, "The body is not what the request needs: bad JSON, CSV or keys that differ between rows.";
    RangeUnsatisfiable = "PGRST103", 416, "The requested range lies outside the result.";
    PutFiltersWrong = "PGRST105", 405, "PUT needs every key column by `eq`, and nothing else.";
    SchemaUnknown = "PGRST106", 406, "Accept-Profile or Content-Profile names a module that is not exposed.";
    MediaTypeUnacceptable = "PGRST107", 406, "None of the media types in Accept can be produced.";
    EmbedFilterUnselected = "PGRST108", 400, "A filter, order or limit names an embed that `select` does not have.";
    PutRangeGiven = "PGRST114", 400, "PUT takes no limit, offset or range.";
    PutKeyMismatch = "PGRST115", 400, "The key in the body of a PUT differs from the key in its URL.";
    NotSingular = "PGRST116", 406, "A single object was asked for, and there is not exactly one row.";
    MethodUnsupported = "PGRST117", 405, "The method is not supported on this resource.";
    OrderNotToOne = "PGRST118", 400, "The rows are to be ordered by an embed that may have several rows.";
    EmbedFilterWrong = "PGRST120", 400, "A filter on an embed itself can only ask whether it is null.";
    PreferenceInvalid = "PGRST122", 400, "`handling=strict` was given and a preference is unknown.";
    AggregatesOff = "PGRST123", 400, "Aggregate functions are switched off.";
    MaxAffectedExceeded = "PGRST124", 400, "The write would affect more rows than `max-affected` allows; nothing was changed.";
    PathInvalid = "PGRST125", 404, "The path names no resource.";
    RootDisabled = "PGRST126", 404, "Nothing is served at the root of the data API.";
    NotImplemented = "PGRST127", 400, "The dialect has this feature, this server has not.";
    MaxAffectedUnfit = "PGRST128", 400, "`max-affected` was given for a function that returns no set.";
    RelationUnknown = "PGRST200", 400, "No foreign key relates the two tables.";
    RelationAmbiguous = "PGRST201", 300, "Several foreign keys relate the two tables; a hint chooses one.";
    FunctionUnknown = "PGRST202", 404, "No declared function has this name and these arguments.";
    ColumnUnknownInBody = "PGRST204", 400, "The body or `columns` names a column that the table does not have.";
    TableUnknown = "PGRST205", 404, "No table or view has this name.";
    TokenInvalid = "PGRST301", 401, "The token is malformed, or its signature or algorithm is not accepted.";
    TokenClaimsInvalid = "PGRST303", 401, "The token has expired, is not valid yet, or has claims that are not accepted.";

    // SQLSTATEs that the dialect passes through.
    TextTooLong = "22001", 400, "A text is longer than its column allows.";
    NumberOutOfRange = "22003", 400, "A number does not fit its type.";
    TimeInvalid = "22007", 400, "A date or time is not written in an accepted form.";
    TimeOutOfRange = "22008", 400, "A date or time has a field that is out of range.";
    LiteralInvalid = "22P02", 400, "A literal does not fit the type of its column.";
    WriteUnfiltered = "21000", 400, "An update or delete without a filter was refused by the safe-update guard.";
    RowTwice = "21000", 400, "One upsert names the same row twice.";
    NotNullViolated = "23502", 400, "A column that must have a value got none.";
    ForeignKeyViolated = "23503", 409, "A reference points to a row that is not there, or a row is still referenced.";
    UniqueViolated = "23505", 409, "A value that must be unique is there already.";
    CheckViolated = "23514", 400, "A value breaks a declared check.";
    GeneratedColumn = "428C9", 400, "A generated column cannot be written.";
    NotGrouped = "42803", 400, "A column is neither grouped nor aggregated.";
    CastUnknown = "42704", 400, "A type or a text search configuration of this name is not there.";
    Forbidden = "42501", 403, "The caller may not do this.";
    ForbiddenAnonymous = "42501", 401, "An anonymous caller may not do this; signing in may help.";
    TypeMismatch = "42804", 400, "An operator was used on a type that it is not made for.";
    OperatorUnfit = "42883", 404, "The operator does not exist for the column's type.";
    ColumnUnknown = "42703", 400, "A column in select, filter or order does not exist.";
    ConflictTargetInvalid = "42P10", 400, "`on_conflict` names columns that no unique constraint covers.";
    CallReadOnly = "25006", 405, "A function that writes was called by GET or HEAD.";
    DiskFull = "53100", 507, "The disk is full: reads go on, writes resume when there is space.";
    StatementTooComplex = "54001", 500, "The statement is too complex.";
    StatementTimeout = "57014", 500, "The statement ran longer than its deadline and was stopped.";
    Raised = "P0001", 400, "The application refused with an error of its own, by `raise_error`; code and status are those that it chose.";
    SyntaxInvalid = "42601", 400, "A full-text query or another text with a syntax of its own does not parse.";
    RegexInvalid = "2201B", 400, "The regular expression does not compile or is too large.";
    PatternInvalid = "22025", 400, "A LIKE pattern ends in an escape character.";

    // Accounts and sessions, codes of the GoTrue dialect.
    JsonBad = "bad_json", 400, "The body is not JSON, or not an object.";
    ValidationFailed = "validation_failed", 400, "A value is missing or not of the form that it must have.";
    IdMalformed = "validation_failed", 404, "What the path names is no id.";
    KeyUnknown = "key_not_found", 404, "There is no such key.";
    KeyExists = "key_exists", 422, "Another key has this name.";
    AuthorizationMissing = "no_authorization", 401, "The request needs a bearer token.";
    JwtBad = "bad_jwt", 403, "The bearer token is not one of a user.";
    NotAdmin = "not_admin", 403, "Only the service role may do this.";
    UserUnknown = "user_not_found", 404, "There is no such user.";
    UserGone = "user_not_found", 403, "The user of the bearer token is no more.";
    SessionUnknown = "session_not_found", 404, "The caller has no such session.";
    SessionGone = "session_not_found", 403, "The session of the bearer token has ended.";
    SessionLost = "session_not_found", 400, "The session of the refresh token has ended.";
    SessionExpired = "session_expired", 400, "The session has lived or idled longer than it may.";
    RefreshTokenUnknown = "refresh_token_not_found", 400, "The refresh token is not one of ours.";
    RefreshTokenMissing = "invalid_request", 400, "The request for new tokens brings no refresh token.";
    RefreshTokenUsed = "refresh_token_already_used", 400, "The refresh token was used before: its session has been ended.";
    CredentialsInvalid = "invalid_credentials", 400, "The address or the password is wrong; which of them is not said.";
    EmailUnconfirmed = "email_not_confirmed", 400, "The address of mail has still to be confirmed.";
    PhoneUnconfirmed = "phone_not_confirmed", 400, "The telephone number has still to be confirmed.";
    UserBanned = "user_banned", 400, "The user may not sign in for now.";
    UserExists = "user_already_exists", 422, "There is a user with this address or number.";
    EmailExists = "email_exists", 422, "Another user has this address.";
    PhoneExists = "phone_exists", 422, "Another user has this number.";
    PasswordWeak = "weak_password", 422, "The password is too short or too common.";
    AddressNeeded = "validation_failed", 422, "An anonymous user needs an address before a password.";
    PasswordSame = "same_password", 422, "The new password is the old one.";
    SignupDisabled = "signup_disabled", 422, "New users are not taken.";
    AnonymousDisabled = "anonymous_provider_disabled", 422, "Users without an address are not taken.";
    EmailDisabled = "email_provider_disabled", 422, "Signing in by address and password is switched off.";
    PhoneDisabled = "phone_provider_disabled", 422, "Signing in by telephone is switched off.";
    OtpExpired = "otp_expired", 403, "The code or link is wrong, was used, or is too old.";
    OtpDisabled = "otp_disabled", 422, "There is no such user, and none is made by a code or link.";
    FlowUnknown = "flow_state_not_found", 404, "There is no such code to exchange, or it was used.";
    FlowExpired = "flow_state_expired", 422, "The code was exchanged too late.";
    VerifierBad = "bad_code_verifier", 400, "The verifier does not match the challenge.";
    ReauthenticationNeeded = "reauthentication_needed", 400, "The change needs the code that `reauthenticate` sends.";
    ReauthenticationInvalid = "reauthentication_not_valid", 422, "The code of `reauthenticate` is wrong or too old.";
    RateExceeded = "over_request_rate_limit", 429, "Too many tries; come back after the time in Retry-After.";
    MailRateExceeded = "over_email_send_rate_limit", 429, "A letter went to this address a moment ago.";
    OauthStateBad = "bad_oauth_state", 400, "The state that came back from an identity provider is not one of ours, was used, or is too old.";
    OauthCallbackBad = "bad_oauth_callback", 400, "What came back from an identity provider is not proven.";
    IdTokenBad = "bad_jwt", 400, "The identity token of another provider is not proven, or not for this application.";
    ProviderAddressUnverified = "provider_email_needs_verification", 422, "The identity provider does not say that the address is verified, and it has to be.";
    IdentityExists = "identity_already_exists", 422, "The identity is another user's.";
    IdentityUnknown = "identity_not_found", 422, "The caller has no such identity.";
    IdentitySingle = "single_identity_not_deletable", 422, "The identity is the only one that its user can sign in with.";
    IdentityConflict = "email_conflict_identity_not_deletable", 422, "Without the identity its user would have the address of another user.";
    LinkingDisabled = "manual_linking_disabled", 404, "Users do not link identities themselves.";
    AalInsufficient = "insufficient_aal", 401, "This needs a session that has proven its second factor.";
    AalNeeded = "insufficient_aal", 403, "The session has to prove a second factor first.";
    AnonymousRefused = "no_authorization", 403, "A user without an address has no factors.";
    FactorUnknown = "mfa_factor_not_found", 404, "The caller has no such factor, or no such challenge of it.";
    FactorRefused = "mfa_verification_failed", 422, "The code or the device's answer is wrong, or was used before.";
    FactorExists = "mfa_verified_factor_exists", 422, "There are recovery codes already; `regenerate` replaces them.";
    FactorNameTaken = "mfa_factor_name_conflict", 422, "Another factor of the user has this name.";
    FactorsTooMany = "too_many_enrolled_mfa_factors", 422, "The user has as many factors as one may have.";
    ChallengeExpired = "mfa_challenge_expired", 422, "The challenge is too old, or had too many wrong answers.";
    ChallengePlaceWrong = "mfa_ip_address_mismatch", 422, "The challenge was asked for from another address.";
    PhoneFactorDisabled = "mfa_phone_enroll_not_enabled", 422, "Telephones are no factors here.";
    DeviceFactorDisabled = "mfa_webauthn_enroll_not_enabled", 422, "Devices are no factors here: the application's page is at no domain.";
    DeviceVerifyDisabled = "mfa_webauthn_verify_not_enabled", 422, "As above, for a device that was enrolled before.";
    RecoveryLocked = "mfa_recovery_codes_locked", 429, "Too many wrong recovery codes; come back after the time in Retry-After.";
    RecoveryAlone = "mfa_recovery_codes_sole_factor", 422, "Recovery codes stand beside another factor, never alone.";
    PasskeysDisabled = "passkey_disabled", 404, "Signing in by passkey is switched off.";
    PasskeysTooMany = "too_many_passkeys", 422, "The user has as many passkeys as one may have.";
    PasskeyUnknown = "webauthn_credential_not_found", 404, "There is no such passkey.";
    PasskeyExists = "webauthn_credential_exists", 422, "The device's key is registered already.";
    PasskeyRefused = "webauthn_verification_failed", 400, "The device's answer is not accepted.";
    PasskeyChallengeUnknown = "webauthn_challenge_not_found", 400, "There is no such challenge, or it was answered.";
    PasskeyChallengeExpired = "webauthn_challenge_expired", 400, "The challenge was answered too late.";
    SamlDisabled = "saml_provider_disabled", 404, "Signing in by SAML is switched off.";
    Web3Disabled = "web3_provider_disabled", 422, "Signing in by a wallet is switched off.";
    ProviderUnsupported = "feature_disabled", 404, "The dialect has this feature, this server has not.";

    // Requests that are sent again.
    IdempotencyKeyInvalid = "idempotency_key_invalid", 400, "The Idempotency-Key is empty or too long.";
    IdempotencyKeyInUse = "idempotency_key_in_use", 409, "The first request with this Idempotency-Key has not been answered yet.";
    IdempotencyKeyReused = "idempotency_key_reused", 422, "The Idempotency-Key was used for another request.";

    // The door and everything that is no dialect: RFC 9457 bodies.
    BadRequest = "bad_request", 400, "The request is not well-formed HTTP, or is ambiguous.";
    ApiKeyMissing = "api_key_missing", 401, "No `apikey` header or parameter, and no bearer token.";
    NotFound = "not_found", 404, "Nothing answers at this path.";
    MethodNotAllowed = "method_not_allowed", 405, "The path exists, the method does not.";
    RequestTimeout = "request_timeout", 408, "The request was not received in time.";
    BodyTooLarge = "body_too_large", 413, "The body is larger than the limit.";
    UrlTooLong = "url_too_long", 414, "The path and query are longer than the limit.";
    BodyTypeUnsupported = "body_type_unsupported", 415, "The Content-Type of the body is not supported here.";
    HeadersTooLarge = "headers_too_large", 431, "The header block is larger than the limit.";
    Internal = "internal", 500, "A fault of ours; the log has the reason under the request id.";
    Overloaded = "overloaded", 503, "More connections or requests than the limit; try again after Retry-After.";
    DeadlineExceeded = "deadline_exceeded", 504, "The answer was not ready within the request deadline.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_status_of_its_class_and_a_sentence() {
        for code in Code::ALL {
            assert!((300..600).contains(&code.status()), "{code:?}");
            assert!(code.meaning().ends_with('.') || code.meaning().ends_with('`'), "{code:?}");
        }
    }
}
