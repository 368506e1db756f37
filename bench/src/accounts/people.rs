//! The users who sign in, made through each server's own door for administrators, and one request
//! at a time with its answer.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::answer;
pub use crate::asks::post;
use crate::mainstay::Keys;
use crate::pocket;

/// Everybody's password.
pub const PASSWORD: &str = "violet harbour lantern 7";

/// The address of a user.
pub fn email(at: u64) -> String {
    format!("user-{at}@example.com")
}

/// Users with confirmed addresses, with everybody's password or, which is faster, without any.
pub async fn of_mainstay(
    address: SocketAddr,
    keys: &Keys,
    who: std::ops::Range<u64>,
    with_password: bool,
) -> std::io::Result<()> {
    let headers = format!("apikey: {0}\r\nAuthorization: Bearer {0}\r\n", keys.service);
    let mut stream = TcpStream::connect(address).await?;
    for at in who {
        let mut user = json!({ "email": email(at), "email_confirm": true });
        if with_password {
            user["password"] = PASSWORD.into();
        }
        let request = post("/auth/v1/admin/users", &headers, &user.to_string());
        exchange(&mut stream, &request).await?;
    }
    Ok(())
}

/// The same in PocketBase, always with the password.
pub async fn of_pocketbase(address: SocketAddr, who: std::ops::Range<u64>) -> std::io::Result<()> {
    let token = pocket::administrator(address)?;
    let headers = format!("Authorization: {token}\r\n");
    let mut stream = TcpStream::connect(address).await?;
    for at in who {
        let user = json!({ "email": email(at), "verified": true, "password": PASSWORD,
                           "passwordConfirm": PASSWORD });
        let request = post("/api/collections/users/records", &headers, &user.to_string());
        exchange(&mut stream, &request).await?;
    }
    Ok(())
}

/// Sends one request and gives the answer's body.
///
/// # Errors
/// When the answer is no success.
pub async fn exchange(stream: &mut TcpStream, request: &[u8]) -> std::io::Result<Value> {
    let mut buffer = Vec::new();
    stream.write_all(request).await?;
    let status = answer::read(stream, &mut buffer).await?;
    let (_, body) = answer::parts(&buffer)?;
    if !(200..300).contains(&status) {
        let (line, body) = (String::from_utf8_lossy(request), String::from_utf8_lossy(&body));
        let line = line.lines().next().unwrap_or_default();
        return Err(std::io::Error::other(format!("{line} is answered with {status}: {body}")));
    }
    Ok(serde_json::from_slice(&body)?)
}
