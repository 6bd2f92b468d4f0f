"""By what account mail is recognised (see `account_mail`): who sends it, from which mailboxes, and in which words."""

from __future__ import annotations

from typing import Final

# Domains from which nothing else is sent.
ACCOUNT_DOMAINS: Final = frozenset(
    (
        "accounts.google.com",
        "accountprotection.microsoft.com",
        "id.apple.com",
        "account.live.com",
        "account.netflix.com",
        "accounts.snapchat.com",
        "verify.twitter.com",
        "login.yahoo.com",
    )
)

# Services where many sign in, or that let those in who own an address of a company's domain. They send other mail too.
SERVICES: Final = frozenset(
    (
        *("google.com", "youtube.com", "microsoft.com", "microsoftonline.com", "live.com", "office.com", "azure.com"),
        *("apple.com", "icloud.com", "facebook.com", "facebookmail.com", "meta.com", "instagram.com", "whatsapp.com"),
        *("twitter.com", "x.com", "linkedin.com", "tiktok.com", "snapchat.com", "pinterest.com", "reddit.com"),
        *("redditmail.com", "discord.com", "discordapp.com", "telegram.org", "signal.org", "zoom.us", "slack.com"),
        *("slack-mail.com", "atlassian.com", "atlassian.net", "trello.com", "bitbucket.org", "github.com"),
        *("gitlab.com", "notion.so", "makenotion.com", "figma.com", "asana.com", "monday.com", "airtable.com"),
        *("dropbox.com", "dropboxmail.com", "box.com", "docusign.net", "docusign.com", "adobe.com", "canva.com"),
        *("amazon.com", "amazon.de", "amazon.co.uk", "amazonaws.com", "paypal.com", "stripe.com", "ebay.com"),
        *("shopify.com", "squareup.com", "wise.com", "revolut.com", "coinbase.com", "binance.com", "kraken.com"),
        *("netflix.com", "spotify.com", "steampowered.com", "epicgames.com", "playstation.com", "nintendo.com"),
        *("yahoo.com", "proton.me", "protonmail.com", "fastmail.com", "mail.ru", "yandex.ru", "vk.com", "gmx.net"),
        *("okta.com", "auth0.com", "onelogin.com", "duo.com", "salesforce.com", "hubspot.com", "zendesk.com"),
        *("freshdesk.com", "intercom.io", "mailchimp.com", "sendgrid.com", "twilio.com", "cloudflare.com"),
        *("digitalocean.com", "heroku.com", "vercel.com", "netlify.com", "npmjs.com", "pypi.org", "docker.com"),
        *("godaddy.com", "namecheap.com", "wordpress.com", "medium.com", "substack.com", "patreon.com"),
        *("airbnb.com", "booking.com", "uber.com", "lyft.com", "openai.com", "anthropic.com", "huggingface.co"),
    )
)

# Mailboxes from which nobody writes who could be answered, as parts of a local part divided by dots or hyphens.
NO_REPLY: Final = (
    r"(?:do[._-]?)?not?[._-]?reply|no[._-]?respon(?:se|der)|ne[._-]?pas[._-]?repondre|keine?[._-]?antwort|nichtantworten"
    r"|verify|verification|otp"
)
# And those from which the services above write.
MACHINES: Final = (
    rf"{NO_REPLY}|accounts?|security|secure|confirm(?:ation)?|registration|auth(?:entication)?|login|signin|signup"
    r"|password|notif(?:y|ications?)|alerts?|mailer|robot|bot|system|service|appleid|microsoftaccount|welcome"
    r"|invitations?|feedback|hello|info|support|team|msonlineservicesteam|gitlab"
)

# How such mail says what it is. Regular expressions, each of one thing said; long enough that nobody says it by chance.
SIGNS: Final = (
    # English
    r"\b(?:verification|security|confirmation|activation|authentication|log-?in|sign-?in|access|one[- ]time"
    r"|single[- ]use|two[- ]factor|2fa|otp|pass)[ -]?(?:pass)?(?:code|password|pin|passcode)\b",
    r"\b(?:verify|confirm|validate|activate)\s+(?:(?:your|this|the)\s+)?(?:\w+\s+){0,2}(?:e-?mail|account|address|identity|sign-?in|registration|device)\b|\bconfirmation\s+instructions\b",
    r"\b(?:reset|change|recover|create|set)\s+(?:your|a|the|my)\s+(?:new\s+)?(?:\w+\s+)?password\b",
    r"\bpassword\s+reset\b|\bmagic\s+link\b|\b(?:sign|log)\s+in\s+to\s+your\s+account\b|\bcomplete\s+your\s+(?:registration|sign-?up)\b",
    r"\b(?:your|use(?:\s+the)?)\s+(?:\w+\s+){0,2}code\s+(?:is|to\s+(?:verify|confirm|sign|log|complete))\b|\bis\s+your\s+(?:\w+\s+){0,3}code\b",
    # German
    r"\b(?:bestätigungs|sicherheits|verifizierungs|aktivierungs|anmelde|einmal|zugangs|prüf|freischalt)[- ]?code\b|\beinmal(?:passwort|kennwort|pin)\b",
    r"(?:e-?mail|mail)[- ]?adresse\s+(?:zu\s+)?(?:bestätigen|verifizieren)|(?:bestätigen|verifizieren)\s+sie\s+(?:bitte\s+)?(?:ihre?|deine?)\s",
    r"\b(?:passwort|kennwort)\s+(?:zurücksetzen|ändern|vergessen)|\bkonto\s+(?:bestätigen|aktivieren)\b",
    # French
    r"\bcode\s+(?:de|d['’]|à)\s*(?:vérification|sécurité|confirmation|activation|connexion|accès|usage\s+unique)",
    r"\b(?:confirme[rz]|vérifie[rz]|valide[rz]|active[rz])\s+(?:votre|ton)\s+(?:adresse|e-?mail|compte|courriel|inscription)",
    r"\bréinitialis(?:er|ez|ation)\b.{0,30}\bmot\s+de\s+passe",
    # Spanish, Portuguese, Italian
    r"\bcódigo\s+de\s+(?:verificación|seguridad|confirmación|acceso|verificação|segurança|confirmação|acesso)",
    r"\b(?:confirma|confirme|verifica|verifique)\s+(?:tu|su|o\s+seu|seu|a\s+sua|sua)\s+(?:\w+\s+){0,2}(?:correo|e-?mail|cuenta|conta|dirección|endereço)",
    r"\b(?:restablec|redefin|recuper|cambi|alter)\w*\s+(?:tu|su|la|a\s+sua|sua)?\s*(?:contraseña|senha)",
    r"\bcodice\s+(?:di\s+)?(?:verifica|sicurezza|conferma|accesso|otp)|\b(?:conferma|verifica)\s+(?:il\s+tuo|la\s+tua|il\s+suo)\s|\b(?:reimposta|ripristina)\w*\s+(?:la\s+)?(?:tua\s+)?password",
    # Dutch, Swedish, Danish, Norwegian, Finnish
    r"\b(?:verificatie|bevestigings|beveiligings|inlog|activerings)code\b|\b(?:bevestig|verifieer)\s+(?:je|uw)\s|\bwachtwoord\s+(?:opnieuw\s+instellen|resetten|herstellen)",
    r"\b(?:verifierings|verifikations|verifiserings|bekräftelse|bekræftelses|bekreftelses|säkerhets|sikkerheds|sikkerhets|engångs|engangs)kod(?:en?|er)?\b",
    r"\b(?:bekräfta|bekræft|bekreft|verifiera)\s+(?:din|ditt|dit)\s|\b(?:återställ|nulstil|tilbakestill)\w*\s.{0,20}(?:lösenord|adgangskode|passord)",
    r"\b(?:vahvistus|turva|kertakäyttö)koodi|\bvahvista\s+sähköposti",
    # Polish, Czech, Hungarian, Romanian, Turkish
    r"\bkod\s+(?:weryfikacyjny|bezpieczeństwa|potwierdzający|aktywacyjny)|\bpotwierdź\s+(?:swój\s+)?adres|\b(?:zresetuj|zmień|resetowanie)\s+has[łl]",
    r"\b(?:ověřovací|bezpečnostní|potvrzovací)\s+kód|\b(?:ellenőrző|megerősítő|biztonsági)\s*kód|\bcod(?:ul)?\s+de\s+(?:verificare|securitate|confirmare)",
    r"\b(?:doğrulama|güvenlik|onay)\s+kodu|\bşifre(?:ni|nizi)?\s+sıfırla|\be-?posta(?:\s+adresi\w*)?\s+(?:doğrula|onayla)",
    # Russian, Ukrainian, Greek
    r"код\s+(?:подтверждения|безопасности|проверки|доступа|активации|підтвердження|безпеки)|подтвердите\s+(?:ваш|свой|адрес|электронн)|(?:сброс|восстановлени)\w*\s+пароля|підтвердіть\s+",
    r"κωδικ\w+\s+(?:επαλήθευσης|ασφαλείας|επιβεβαίωσης)",
    # Chinese, Japanese, Korean, Arabic, Hebrew, Vietnamese, Indonesian
    r"验证码|驗證碼|校验码|安全代码|重置密码|重設密碼|验证您的|驗證您的",
    r"認証コード|確認コード|セキュリティ\s*コード|ワンタイム|パスワード(?:の|を)(?:再設定|リセット)|メールアドレスの?(?:確認|認証)",
    r"인증\s*(?:코드|번호)|확인\s*코드|보안\s*코드|비밀번호\s*(?:재설정|변경)|이메일\s*(?:인증|확인)",
    r"رمز\s+(?:التحقق|التأكيد|الأمان)|كلمة\s+المرور|קוד\s+(?:אימות|אבטחה)",
    r"mã\s+(?:xác\s+(?:minh|nhận|thực)|bảo\s+mật)|kode\s+(?:verifikasi|keamanan|konfirmasi|otp)",
)
