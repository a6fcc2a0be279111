//! Passwords in connection strings: `Server=db;User Id=sa;Password=…`.

use super::is_literal;

/// Keys whose value is a credential: those of ADO.NET's and ODBC's drivers (Microsoft Learn,
/// `SqlConnection.ConnectionString`), and of Azure's connection strings.
const KEYS: &[&str] = &["accountkey", "password", "pwd", "sharedaccesskey"];

/// Whether a field of this name is a credential.
pub(super) fn is_password(key: &str) -> bool {
    KEYS.contains(&key.trim().to_ascii_lowercase().as_str())
}

/// Whether a value is a connection string with a password in it: fields between semicolons, or as
/// libpq has them, between spaces.
#[must_use]
pub fn has_password(value: &str) -> bool {
    let separator = if value.contains(';') { ';' } else { ' ' };
    let fields = || value.split(separator).filter_map(|field| field.split_once('='));
    fields().count() > 1
        && fields().any(|(key, value)| {
            is_password(key) && is_literal(value.trim().trim_matches(['"', '\'']))
        })
}

#[cfg(test)]
mod tests {
    use super::has_password;

    #[test]
    fn connection_strings_with_a_password() {
        for value in [
            "Server=db;Database=shop;User Id=sa;Password=Pass@word",
            "server=db; uid=sa; pwd=x1;",
            "DRIVER={ODBC};SERVER=db;PWD={a;b}",
            "AccountName=a;AccountKey=abc==;EndpointSuffix=core.windows.net",
            "Endpoint=sb://a;SharedAccessKeyName=b;SharedAccessKey=c=",
            "host=db user=shop password=x1 dbname=shop",
            "Password=changeme;Server=db",
        ] {
            assert!(has_password(value), "{value}");
        }
    }

    #[test]
    fn what_has_none() {
        for value in [
            "",
            "Server=db;Integrated Security=true",
            "Server=db;Password=",
            "Server=db;Password=${DB_PASSWORD}",
            "Server=db;Password='';User Id=sa",
            "Password=a",
            "-Dpassword.file=/x -Da=b",
            "a;b;c",
        ] {
            assert!(!has_password(value), "{value}");
        }
    }
}
