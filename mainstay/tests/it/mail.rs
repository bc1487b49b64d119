//! `mainstay mail test` and the doctor's look at mail.

use peers::{Smtp, Turn};

use crate::process::{Ran, Server, folder, mainstay};

fn variables(server: &Smtp) -> [(&'static str, String); 3] {
    [
        ("MAINSTAY_MAIL_URL", format!("smtp://{}", server.address)),
        ("MAINSTAY_MAIL_FROM", "house@example.test".to_owned()),
        ("MAINSTAY_MAIL_TLS", "never".to_owned()),
    ]
}

async fn run(arguments: &[&str], variables: &[(&'static str, String)]) -> Ran {
    let mut command = mainstay(arguments);
    command.envs(variables.iter().cloned());
    tokio::task::spawn_blocking(move || Ran::from(command.output().unwrap())).await.unwrap()
}

#[tokio::test]
async fn a_test_mail_is_sent_and_what_came_of_it_is_said() {
    let turns = [Turn::Take, Turn::Recipient("550 nobody here"), Turn::Recipient("451 later")];
    let server = Smtp::start(&turns).await;
    let place = folder();
    let command = ["mail", "test", "owner@example.test", "--data", place.path().to_str().unwrap()];
    let variables = variables(&server);
    let ran = run(&command, &variables).await;
    assert!(ran.code == 0 && ran.out.contains("taken as 7"), "{} {}", ran.out, ran.err);
    let ran = run(&command, &variables).await;
    assert!(ran.code == 2 && ran.err.contains("nobody here"), "{} {}", ran.code, ran.err);
    let ran = run(&command, &variables).await;
    assert!(ran.code == 8 && ran.err.contains("later"), "{} {}", ran.code, ran.err);
    assert_eq!(server.mails().len(), 1);
    let ran = run(&command, &[]).await;
    assert!(ran.code == 8 && ran.err.contains("mail.url"), "{} {}", ran.code, ran.err);
    let ran = run(&["mail", "test", "nobody", "--data", command[4]], &variables).await;
    assert_eq!(ran.code, 2, "{}", ran.err);
    let doctor = ["doctor", "--json", "--data", command[4]];
    let ran = run(&doctor, &variables).await;
    assert!(ran.out.contains("answers, NOT encrypted"), "{}", ran.out);
    let nobody =
        [("MAINSTAY_MAIL_URL", format!("smtp://127.0.0.1:{}", peers::free_port())), variables[1].clone()];
    let ran = run(&doctor, &nobody).await;
    assert!(ran.code == 11 && ran.out.contains("mail_unreachable"), "{} {}", ran.code, ran.out);
}

#[tokio::test]
async fn a_machine_without_authorities_says_so() {
    let server = Smtp::start(&[]).await;
    let place = folder();
    let mut variables = variables(&server).to_vec();
    variables[0].1 = format!("smtps://{}", server.address);
    variables.push(("SSL_CERT_FILE", "/dev/null".to_owned()));
    variables.push(("SSL_CERT_DIR", place.path().to_str().unwrap().to_owned()));
    let command = ["mail", "test", "owner@example.test", "--data", place.path().to_str().unwrap()];
    let ran = run(&command, &variables).await;
    assert!(ran.code == 8 && ran.err.contains("knows no certificate authority"), "{} {}", ran.code, ran.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_runs_is_asked() {
    let place = folder();
    let path = place.path().to_owned();
    let server = tokio::task::spawn_blocking(move || Server::start(&path, &["--dev"])).await.unwrap();
    let ran =
        run(&["mail", "test", "owner@example.test", "--data", place.path().to_str().unwrap()], &[]).await;
    assert!(ran.code == 0 && ran.out.contains("/dev/mail"), "{} {}", ran.out, ran.err);
    let page = tokio::task::spawn_blocking(move || server.get("/dev/mail")).await.unwrap().unwrap();
    assert!(page.contains("A test mail from Mainstay"), "{page}");
}
