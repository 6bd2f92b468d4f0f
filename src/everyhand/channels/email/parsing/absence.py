"""How people and their mail programs say that they are away, in the languages of our customers."""

from __future__ import annotations

import re

# What mail programs put before the subject they answer by themselves, by language; a colon follows.
ANSWERED_BY_ITSELF: dict[str, str] = {
    "English": (
        "automatic reply|auto reply|auto-reply|autoreply|automated reply|automatic response|auto response|"
        "auto-response|autoresponse|automated response|out of office autoreply|"
        "out of office reply|vacation reply|vacation response"
    ),
    "German": "automatische antwort|automatische rückantwort|autom. antwort|abwesenheitsnotiz|abwesenheitsnachricht",
    "French": "réponse automatique|reponse automatique|message d'absence",
    "Spanish": "respuesta automática|respuesta automatica|contestación automática",
    "Italian": "risposta automatica",
    "Portuguese": "resposta automática|resposta automatica",
    "Dutch": "automatisch antwoord|automatisch bericht|automatische beantwoording|afwezigheidsbericht",
    "Swedish": "autosvar|automatiskt svar|frånvaromeddelande",
    "Danish and Norwegian": "automatisk svar|fraværsmeddelelse|fraværsmelding",
    "Finnish": "automaattinen vastaus|poissaoloviesti",
    "Icelandic": "sjálfvirkt svar",
    "Polish": "automatyczna odpowiedź|odpowiedź automatyczna|autoodpowiedź",
    "Czech": "automatická odpověď",
    "Slovak": "automatická odpoveď",
    "Hungarian": "automatikus válasz",
    "Romanian": "răspuns automat|raspuns automat",
    "Bulgarian": "автоматичен отговор",
    "Greek": "αυτόματη απάντηση",
    "Turkish": "otomatik yanıt|otomatik cevap",
    "Russian": "автоматический ответ|автоответ",
    "Ukrainian": "автоматична відповідь|автовідповідь",
    "Croatian and Serbian": "automatski odgovor|аутоматски одговор",
    "Slovenian": "samodejni odgovor|samodejno sporočilo",
    "Estonian": "automaatvastus",
    "Latvian": "automātiska atbilde|automātiskā atbilde",
    "Lithuanian": "automatinis atsakymas",
    "Catalan": "resposta automàtica",
    "Basque": "erantzun automatikoa",
    "Hebrew": "תשובה אוטומטית|מענה אוטומטי",
    "Arabic": "رد تلقائي|الرد التلقائي",
    "Persian": "پاسخ خودکار",
    "Hindi": "स्वचालित उत्तर",
    "Thai": "ตอบกลับอัตโนมัติ|การตอบกลับอัตโนมัติ",
    "Vietnamese": "trả lời tự động",
    "Indonesian and Malay": "balasan otomatis|jawaban otomatis|balasan automatik",
    "Japanese": "自動応答|自動返信|自動送信|不在通知",
    "Chinese": "自动答复|自动回复|自動回覆|自動回復|自動答覆",
    "Korean": "자동 회신|자동회신|자동 응답|자동응답",
}
# What people choose as the subject of such an answer. People write it themselves too: it needs a second sign.
AWAY: dict[str, str] = {
    "English": "out of office|out-of-office|out of the office|ooo|away from my mail|on vacation|on holiday|i am out of",
    "German": "abwesenheit|abwesend|nicht im büro|im urlaub",
    "French": "absence du bureau|absent du bureau|absence|absent|en congé",
    "Spanish": "fuera de la oficina|fuera de oficina|ausente|de vacaciones",
    "Italian": "fuori sede|fuori ufficio|assenza|assente|in ferie",
    "Portuguese": "ausência|ausente|fora do escritório|de férias",
    "Dutch": "afwezig|niet aanwezig|buiten kantoor|op vakantie",
    "Scandinavian": "frånvaro|ej på kontoret|fravær|fraværende|ikke til stede|ikke på kontoret|borte fra kontoret",
    "Finnish": "poissa|poissaolo|lomalla",
    "Icelandic": "fjarverandi",
    "Polish": "nieobecność|nieobecny|poza biurem|urlop",
    "Czech and Slovak": "nepřítomnost|mimo kancelář|nejsem v kanceláři|neprítomnosť|mimo kancelárie|dovolená",
    "Hungarian": "házon kívül|irodán kívül|távollét|szabadság",
    "Romanian": "în afara biroului|absență|în concediu",
    "Bulgarian": "извън офиса",
    "Greek": "εκτός γραφείου|απουσία",
    "Turkish": "ofis dışında|ofiste değil|izindeyim",
    "Russian and Ukrainian": "вне офиса|отсутствие|нет на работе|в отпуске|поза офісом",
    "Croatian, Serbian, Slovenian": "izvan ureda|odsutan|van kancelarije|odsotnost|odsoten",
    "Baltic": "kontorist väljas|kontorist ära|prombūtne|ne biure",
    "Catalan": "fora de l'oficina",
    "Hebrew": "מחוץ למשרד",
    "Arabic": "خارج المكتب",
    "Hindi": "कार्यालय से बाहर",
    "Thai": "ไม่อยู่ที่สำนักงาน",
    "Vietnamese": "vắng mặt",
    "Indonesian and Malay": "di luar kantor|di luar pejabat",
    "Japanese": "不在",
    "Chinese": "外出|休假|不在办公室|不在辦公室",
    "Korean": "부재중",
}


def _any_of(table: dict[str, str]) -> str:
    return "|".join(re.escape(words) for listed in table.values() for words in listed.split("|"))


_BY_ITSELF = re.compile(rf"^\s*(?:{_any_of(ANSWERED_BY_ITSELF)})\s*(?:[:：-]|$)", re.IGNORECASE)
_AWAY = re.compile(rf"^\s*(?:{_any_of(AWAY)})\b", re.IGNORECASE)
_IN_WORDS = re.compile(
    r"out of (?:the )?office|(?:on|taking) (?:\w+ )?(?:leave|vacation|holiday)|"
    r"away from (?:my|the) (?:desk|office|e?-?mail)|back in the office|limited access to (?:my )?e-?mail|"
    r"will (?:be back|return) on|nicht im (?:büro|haus)|außer haus|im urlaub|abwesend|abwesenheit|zurück am|"
    r"absent|en congés?|de retour le|fuera de (?:la )?oficina|de vacaciones|fuori (?:sede|ufficio)|in ferie|"
    r"fora do escritório|de férias|afwezig|op vakantie|semester|ferie|lomalla|poza biurem|na urlopie|dovolen|"
    r"szabadság|în concediu|в отпуске|в отпуск|yıllık izin|休暇|不在|休假|휴가|부재",
    re.IGNORECASE,
)
OPENING = 1_500


def answered_by_itself(subject: str) -> bool:
    """Whether a mail program gave its answer this subject ("Automatische Antwort: ..."). People do not write so."""
    return bool(_BY_ITSELF.match(subject[:200]))


def begins_as_away(subject: str) -> bool:
    """Whether `subject` begins as an absence note does; a person may begin so too ("Absence: our son is ill")."""
    return bool(_AWAY.match(subject[:200]))


def is_about_absence(subject: str, text: str) -> bool:
    """Whether the words of an automatic answer say that somebody is away."""
    if begins_as_away(subject) or _IN_WORDS.search(subject[:200]):
        return True
    return bool(_IN_WORDS.search(text[:OPENING]))
