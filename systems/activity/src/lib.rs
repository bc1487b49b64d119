//! stub
pub const fn system() -> web::System { web::System { name: "activity", ..web::System::EMPTY } }
