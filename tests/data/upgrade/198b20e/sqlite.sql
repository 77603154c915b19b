BEGIN TRANSACTION;
CREATE TABLE account (
	id VARCHAR(32) NOT NULL, 
	email VARCHAR(254) NOT NULL, 
	password_hash VARCHAR(255) NOT NULL, 
	is_operator BOOLEAN NOT NULL, 
	created_at_s DOUBLE NOT NULL, disabled_at_s DOUBLE, 
	CONSTRAINT pk_account PRIMARY KEY (id), 
	CONSTRAINT uq_account_email UNIQUE (email)
);
INSERT INTO "account" VALUES('d3036fb747a481936484ba591835a113','ada@example.org','$argon2id$v=19$m=65536,t=3,p=4$gdazkWWBNZRr7sC2Tepn0w$yMrrPtBkSmbctHQaObnDUkYI7A8dgB154gDVqxpzMt4',0,1.79581089037700152404e+09,NULL);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0010');
CREATE TABLE answer (
	asked_by VARCHAR(255) NOT NULL, 
	"key" VARCHAR(255) NOT NULL, 
	request_sha256 VARCHAR(64) NOT NULL, 
	job_id VARCHAR(32) NOT NULL, 
	body JSON NOT NULL, 
	created_at_s DOUBLE NOT NULL, 
	CONSTRAINT pk_answer PRIMARY KEY (asked_by, "key")
);
CREATE TABLE api_key (
	id VARCHAR(32) NOT NULL, 
	account_id VARCHAR(32) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	key_sha256 VARCHAR(64) NOT NULL, 
	scopes JSON NOT NULL, 
	created_at_s DOUBLE NOT NULL, 
	expires_at_s DOUBLE, 
	last_used_at_s DOUBLE, 
	revoked_at_s DOUBLE, 
	CONSTRAINT pk_api_key PRIMARY KEY (id), 
	CONSTRAINT fk_api_key_account_id_account FOREIGN KEY(account_id) REFERENCES account (id) ON DELETE CASCADE, 
	CONSTRAINT uq_api_key_key_sha256 UNIQUE (key_sha256)
);
CREATE TABLE doomed_object (
	storage_key VARCHAR(255) NOT NULL, 
	due_at_s DOUBLE NOT NULL, 
	num_tries INTEGER DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_doomed_object PRIMARY KEY (storage_key)
);
CREATE TABLE engagement (
	id INTEGER NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	created_at_s DOUBLE NOT NULL, 
	owner VARCHAR(255) NOT NULL, 
	job_id VARCHAR(32) NOT NULL, 
	image_id VARCHAR(40), 
	model VARCHAR(160), 
	lora_sha256s JSON NOT NULL, 
	CONSTRAINT pk_engagement PRIMARY KEY (id)
);
INSERT INTO "engagement" VALUES(1,'favorited',1.79581089113901710505e+09,'user:d3036fb747a481936484ba591835a113','bf40bc84d844290b17bc804fa43b677c','bf40bc84d844290b17bc804fa43b677c-1','jade-v1','["2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b"]');
INSERT INTO "engagement" VALUES(2,'downloaded',1.79581089115201234822e+09,'user:d3036fb747a481936484ba591835a113','bf40bc84d844290b17bc804fa43b677c','bf40bc84d844290b17bc804fa43b677c-1','jade-v1','["2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b"]');
INSERT INTO "engagement" VALUES(3,'deleted',1.79581089116299605365e+09,'user:d3036fb747a481936484ba591835a113','bf40bc84d844290b17bc804fa43b677c','bf40bc84d844290b17bc804fa43b677c-3','jade-v1','["2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b"]');
CREATE TABLE generation (
	job_id VARCHAR(32) NOT NULL, 
	owner VARCHAR(255) NOT NULL, 
	counted_by VARCHAR(255) NOT NULL, 
	created_at_s DOUBLE NOT NULL, 
	day INTEGER NOT NULL, 
	num_images INTEGER NOT NULL, 
	num_finished INTEGER NOT NULL, 
	gpu_s DOUBLE NOT NULL, 
	reserved_gpu_s DOUBLE NOT NULL, 
	CONSTRAINT pk_generation PRIMARY KEY (job_id)
);
INSERT INTO "generation" VALUES('bf40bc84d844290b17bc804fa43b677c','user:d3036fb747a481936484ba591835a113','user:d3036fb747a481936484ba591835a113',1.7958108904099926949e+09,20784,3,3,6.99999999999999904807e-06,0.0);
INSERT INTO "generation" VALUES('9cec24af472469761b1b28333be3811b','user:d3036fb747a481936484ba591835a113','user:d3036fb747a481936484ba591835a113',1.7958108905570044517e+09,20784,1,1,5.99999999999999930524e-06,0.0);
INSERT INTO "generation" VALUES('3f7dd49dc5a0f6a4decfa1d8c90b89fc','user:d3036fb747a481936484ba591835a113','user:d3036fb747a481936484ba591835a113',1.79581089063598203659e+09,20784,2,1,2.0e-06,0.0);
INSERT INTO "generation" VALUES('e5b14a4a5a5c990e85efce032dc49382','user:d3036fb747a481936484ba591835a113','user:d3036fb747a481936484ba591835a113',1.79581089071600580211e+09,20784,2,2,6.99999999999999904807e-06,0.0);
INSERT INTO "generation" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1','user:d3036fb747a481936484ba591835a113','user:d3036fb747a481936484ba591835a113',1.79581089083899855612e+09,20784,16,16,1.99999999999999982479e-05,0.0);
INSERT INTO "generation" VALUES('7c21a08a484624980f3a39ad56d0d2e6','user:d3036fb747a481936484ba591835a113','user:d3036fb747a481936484ba591835a113',1.79581089118299198157e+09,20784,2,0,0.0,0.0);
INSERT INTO "generation" VALUES('37b61d04fd4b1b894d810c415572c314','user:d3036fb747a481936484ba591835a113','user:d3036fb747a481936484ba591835a113',1.79581089122298359866e+09,20784,3,1,4.33333333333333306676e-06,5.6666666666666660572e-06);
INSERT INTO "generation" VALUES('ace6c87bae8db1f1bd470e4e11e0969b','user:d3036fb747a481936484ba591835a113','user:d3036fb747a481936484ba591835a113',1.79581089177900552747e+09,20784,2,0,0.0,4.0e-06);
INSERT INTO "generation" VALUES('78238e2c3a61da7f271da55f85a6929e','user:d3036fb747a481936484ba591835a113','user:d3036fb747a481936484ba591835a113',1.79581089179900145534e+09,20784,4,0,0.0,2.00343430430402096573e-06);
INSERT INTO "generation" VALUES('69c54ec5bd016bf55609ef4435e335fa','user:d3036fb747a481936484ba591835a113','user:d3036fb747a481936484ba591835a113',1.79581089181899738313e+09,20784,1,0,0.0,7.0e-06);
CREATE TABLE image (
	id VARCHAR(40) NOT NULL, 
	job_id VARCHAR(32) NOT NULL, 
	n INTEGER NOT NULL, 
	seed BIGINT NOT NULL, 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	content_type VARCHAR(32) NOT NULL, 
	num_bytes INTEGER NOT NULL, 
	storage_key VARCHAR(255) NOT NULL, 
	thumbnail_key VARCHAR(255), 
	queued_at_s DOUBLE NOT NULL, 
	started_at_s DOUBLE NOT NULL, 
	finished_at_s DOUBLE NOT NULL, 
	encode_s DOUBLE NOT NULL, 
	step_share_s DOUBLE NOT NULL, 
	decode_s DOUBLE NOT NULL, 
	lora_sha256s JSON NOT NULL, 
	base_sha256 VARCHAR(64) NOT NULL, downloads INTEGER DEFAULT '0' NOT NULL, is_favorite BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_image PRIMARY KEY (id), 
	CONSTRAINT fk_image_job_id_job FOREIGN KEY(job_id) REFERENCES job (id) ON DELETE CASCADE, 
	CONSTRAINT uq_image_job_id UNIQUE (job_id, n)
);
INSERT INTO "image" VALUES('bf40bc84d844290b17bc804fa43b677c-1','bf40bc84d844290b17bc804fa43b677c',1,4294967295,32,32,'image/jpeg',2145,'generations/bf40bc84d844290b17bc804fa43b677c/bf40bc84d844290b17bc804fa43b677c-1.jpg',NULL,1.7958108904099926949e+09,1.79581089045382452009e+09,1.79581089047798657422e+09,0.0,1.33333333333333320228e-06,1.0e-06,'["2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b"]','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',1,1);
INSERT INTO "image" VALUES('bf40bc84d844290b17bc804fa43b677c-2','bf40bc84d844290b17bc804fa43b677c',2,0,32,32,'image/jpeg',2116,'generations/bf40bc84d844290b17bc804fa43b677c/bf40bc84d844290b17bc804fa43b677c-2.jpg',NULL,1.7958108904099926949e+09,1.79581089045382452009e+09,1.79581089051198363303e+09,0.0,1.33333333333333320228e-06,1.0e-06,'["2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b"]','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',0,0);
INSERT INTO "image" VALUES('9cec24af472469761b1b28333be3811b-1','9cec24af472469761b1b28333be3811b',1,7,32,32,'image/png',866,'generations/9cec24af472469761b1b28333be3811b/9cec24af472469761b1b28333be3811b-1.png',NULL,1.7958108905570044517e+09,1.79581089058309936526e+09,1.79581089059800195692e+09,0.0,4.99999999999999956198e-06,1.0e-06,'[]','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',0,0);
INSERT INTO "image" VALUES('3f7dd49dc5a0f6a4decfa1d8c90b89fc-1','3f7dd49dc5a0f6a4decfa1d8c90b89fc',1,12,32,32,'image/jpeg',2122,'generations/3f7dd49dc5a0f6a4decfa1d8c90b89fc/3f7dd49dc5a0f6a4decfa1d8c90b89fc-1.jpg',NULL,1.79581089063598203659e+09,1.79581089065977239603e+09,1.79581089067899131775e+09,0.0,1.0e-06,1.0e-06,'["fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e"]','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',0,0);
INSERT INTO "image" VALUES('e5b14a4a5a5c990e85efce032dc49382-2','e5b14a4a5a5c990e85efce032dc49382',2,51,32,32,'image/webp',1046,'generations/e5b14a4a5a5c990e85efce032dc49382/e5b14a4a5a5c990e85efce032dc49382-2.webp',NULL,1.79581089071600580211e+09,1.79581089074332404136e+09,1.79581089079100036619e+09,0.0,2.49999999999999978099e-06,1.0e-06,'["fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9"]','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',0,0);
INSERT INTO "image" VALUES('e5b14a4a5a5c990e85efce032dc49382-1','e5b14a4a5a5c990e85efce032dc49382',1,50,32,32,'image/webp',1042,'generations/e5b14a4a5a5c990e85efce032dc49382/e5b14a4a5a5c990e85efce032dc49382-1.webp',NULL,1.79581089071600580211e+09,1.79581089074332404136e+09,1.79581089080999040607e+09,0.0,2.49999999999999978099e-06,1.0e-06,'["fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9"]','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',0,0);
INSERT INTO "image" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1-1','7f5dacfeaafbe06aa4dd7bc8dd6952a1',1,5,32,32,'image/jpeg',2131,'generations/7f5dacfeaafbe06aa4dd7bc8dd6952a1/7f5dacfeaafbe06aa4dd7bc8dd6952a1-1.jpg',NULL,1.79581089083899855612e+09,1.79581089087097096447e+09,1.79581089092099380494e+09,0.0,2.5e-07,1.0e-06,'["2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b"]','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',0,0);
INSERT INTO "image" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1-2','7f5dacfeaafbe06aa4dd7bc8dd6952a1',2,5,32,32,'image/jpeg',2126,'generations/7f5dacfeaafbe06aa4dd7bc8dd6952a1/7f5dacfeaafbe06aa4dd7bc8dd6952a1-2.jpg',NULL,1.79581089083899855612e+09,1.79581089087097096447e+09,1.79581089093101167676e+09,0.0,2.5e-07,1.0e-06,'["fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e"]','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',0,0);
INSERT INTO "image" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1-4','7f5dacfeaafbe06aa4dd7bc8dd6952a1',4,5,32,32,'image/jpeg',1946,'generations/7f5dacfeaafbe06aa4dd7bc8dd6952a1/7f5dacfeaafbe06aa4dd7bc8dd6952a1-4.jpg',NULL,1.79581089083899855612e+09,1.79581089087097096447e+09,1.79581089093801236152e+09,0.0,2.5e-07,1.0e-06,'[]','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',0,0);
INSERT INTO "image" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1-3','7f5dacfeaafbe06aa4dd7bc8dd6952a1',3,5,32,32,'image/jpeg',2072,'generations/7f5dacfeaafbe06aa4dd7bc8dd6952a1/7f5dacfeaafbe06aa4dd7bc8dd6952a1-3.jpg',NULL,1.79581089083899855612e+09,1.79581089087097096447e+09,1.79581089095100760464e+09,0.0,2.5e-07,1.0e-06,'["51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9"]','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',0,0);
INSERT INTO "image" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1-5','7f5dacfeaafbe06aa4dd7bc8dd6952a1',5,9,32,32,'image/jpeg',2131,'generations/7f5dacfeaafbe06aa4dd7bc8dd6952a1/7f5dacfeaafbe06aa4dd7bc8dd6952a1-5.jpg',NULL,1.79581089083899855612e+09,1.79581089087097096447e+09,1.79581089096698021893e+09,0.0,2.5e-07,1.0e-06,'["2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b"]','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',0,0);
INSERT INTO "image" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1-6','7f5dacfeaafbe06aa4dd7bc8dd6952a1',6,9,32,32,'image/jpeg',2106,'generations/7f5dacfeaafbe06aa4dd7bc8dd6952a1/7f5dacfeaafbe06aa4dd7bc8dd6952a1-6.jpg',NULL,1.79581089083899855612e+09,1.79581089087097096447e+09,1.79581089097498655324e+09,0.0,2.5e-07,1.0e-06,'["fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e"]','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',0,0);
INSERT INTO "image" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1-7','7f5dacfeaafbe06aa4dd7bc8dd6952a1',7,9,32,32,'image/jpeg',2083,'generations/7f5dacfeaafbe06aa4dd7bc8dd6952a1/7f5dacfeaafbe06aa4dd7bc8dd6952a1-7.jpg',NULL,1.79581089083899855612e+09,1.79581089087097096447e+09,1.79581089098798179623e+09,0.0,2.5e-07,1.0e-06,'["51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9"]','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',0,0);
INSERT INTO "image" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1-8','7f5dacfeaafbe06aa4dd7bc8dd6952a1',8,9,32,32,'image/jpeg',2013,'generations/7f5dacfeaafbe06aa4dd7bc8dd6952a1/7f5dacfeaafbe06aa4dd7bc8dd6952a1-8.jpg',NULL,1.79581089083899855612e+09,1.79581089087097096447e+09,1.79581089100001144403e+09,0.0,2.5e-07,1.0e-06,'[]','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',0,0);
INSERT INTO "image" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1-10','7f5dacfeaafbe06aa4dd7bc8dd6952a1',10,5,32,32,'image/jpeg',2195,'generations/7f5dacfeaafbe06aa4dd7bc8dd6952a1/7f5dacfeaafbe06aa4dd7bc8dd6952a1-10.jpg',NULL,1.79581089083899855612e+09,1.79581089089617133144e+09,1.7958108910120010376e+09,0.0,2.5e-07,1.0e-06,'["fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9"]','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',0,0);
INSERT INTO "image" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1-9','7f5dacfeaafbe06aa4dd7bc8dd6952a1',9,5,32,32,'image/jpeg',2183,'generations/7f5dacfeaafbe06aa4dd7bc8dd6952a1/7f5dacfeaafbe06aa4dd7bc8dd6952a1-9.jpg',NULL,1.79581089083899855612e+09,1.79581089089617133144e+09,1.79581089102700805666e+09,0.0,2.5e-07,1.0e-06,'["2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b", "51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9"]','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',0,0);
INSERT INTO "image" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1-11','7f5dacfeaafbe06aa4dd7bc8dd6952a1',11,5,32,32,'image/jpeg',2086,'generations/7f5dacfeaafbe06aa4dd7bc8dd6952a1/7f5dacfeaafbe06aa4dd7bc8dd6952a1-11.jpg',NULL,1.79581089083899855612e+09,1.79581089089617133144e+09,1.7958108910389974117e+09,0.0,2.5e-07,1.0e-06,'["51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9"]','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',0,0);
INSERT INTO "image" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1-13','7f5dacfeaafbe06aa4dd7bc8dd6952a1',13,9,32,32,'image/jpeg',2145,'generations/7f5dacfeaafbe06aa4dd7bc8dd6952a1/7f5dacfeaafbe06aa4dd7bc8dd6952a1-13.jpg',NULL,1.79581089083899855612e+09,1.79581089089617133144e+09,1.79581089105400443076e+09,0.0,2.5e-07,1.0e-06,'["2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b", "51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9"]','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',0,0);
INSERT INTO "image" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1-12','7f5dacfeaafbe06aa4dd7bc8dd6952a1',12,5,32,32,'image/jpeg',2057,'generations/7f5dacfeaafbe06aa4dd7bc8dd6952a1/7f5dacfeaafbe06aa4dd7bc8dd6952a1-12.jpg',NULL,1.79581089083899855612e+09,1.79581089089617133144e+09,1.79581089107001733778e+09,0.0,2.5e-07,1.0e-06,'["51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9"]','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',0,0);
INSERT INTO "image" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1-14','7f5dacfeaafbe06aa4dd7bc8dd6952a1',14,9,32,32,'image/jpeg',2192,'generations/7f5dacfeaafbe06aa4dd7bc8dd6952a1/7f5dacfeaafbe06aa4dd7bc8dd6952a1-14.jpg',NULL,1.79581089083899855612e+09,1.79581089089617133144e+09,1.79581089108800148962e+09,0.0,2.5e-07,1.0e-06,'["fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9"]','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',0,0);
INSERT INTO "image" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1-16','7f5dacfeaafbe06aa4dd7bc8dd6952a1',16,9,32,32,'image/jpeg',2073,'generations/7f5dacfeaafbe06aa4dd7bc8dd6952a1/7f5dacfeaafbe06aa4dd7bc8dd6952a1-16.jpg',NULL,1.79581089083899855612e+09,1.79581089089617133144e+09,1.79581089109999084479e+09,0.0,2.5e-07,1.0e-06,'["51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9"]','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',0,0);
INSERT INTO "image" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1-15','7f5dacfeaafbe06aa4dd7bc8dd6952a1',15,9,32,32,'image/jpeg',2071,'generations/7f5dacfeaafbe06aa4dd7bc8dd6952a1/7f5dacfeaafbe06aa4dd7bc8dd6952a1-15.jpg',NULL,1.79581089083899855612e+09,1.79581089089617133144e+09,1.79581089110900306705e+09,0.0,2.5e-07,1.0e-06,'["51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9"]','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',0,0);
INSERT INTO "image" VALUES('37b61d04fd4b1b894d810c415572c314-1','37b61d04fd4b1b894d810c415572c314',1,30,32,32,'image/jpeg',2157,'generations/37b61d04fd4b1b894d810c415572c314/37b61d04fd4b1b894d810c415572c314-1.jpg',NULL,1.79581089122298359866e+09,1.79581089124245405199e+09,1.79581089125899219516e+09,0.0,3.33333333333333290001e-06,1.0e-06,'["fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e"]','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',0,0);
CREATE TABLE job (
	id VARCHAR(32) NOT NULL, 
	owner VARCHAR(255) NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	prompt TEXT NOT NULL, 
	final_prompt TEXT NOT NULL, 
	negative_prompt TEXT NOT NULL, 
	num_images INTEGER NOT NULL, 
	quality VARCHAR(16) NOT NULL, 
	num_inference_steps INTEGER NOT NULL, 
	guidance_scale DOUBLE NOT NULL, 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	seed BIGINT NOT NULL, 
	sampler VARCHAR(32) NOT NULL, 
	image_format VARCHAR(8) NOT NULL, 
	model VARCHAR(160), 
	loras JSON NOT NULL, 
	base_name VARCHAR(255) NOT NULL, 
	base_sha256 VARCHAR(64) NOT NULL, 
	attempt INTEGER NOT NULL, 
	lost_leases INTEGER NOT NULL, 
	lease_owner VARCHAR(64), 
	lease_until DOUBLE NOT NULL, 
	num_events INTEGER NOT NULL, 
	error_code VARCHAR(32), 
	error_detail TEXT, 
	created_at_s DOUBLE NOT NULL, 
	started_at_s DOUBLE, 
	finished_at_s DOUBLE, style VARCHAR(32), embed_parameters VARCHAR(8) DEFAULT 'full' NOT NULL, guidance_start DOUBLE DEFAULT '0' NOT NULL, guidance_end DOUBLE DEFAULT '1' NOT NULL, address VARCHAR(64), key_id VARCHAR(32), end_user VARCHAR(128), comparison JSON, 
	CONSTRAINT pk_job PRIMARY KEY (id), 
	CONSTRAINT ck_job_ck_job_status CHECK (status IN ('queued', 'processing', 'completed', 'failed', 'cancelled'))
);
INSERT INTO "job" VALUES('bf40bc84d844290b17bc804fa43b677c','user:d3036fb747a481936484ba591835a113','completed','red dress, beach','jade woman, red dress, beach','low quality, blurry, distorted',3,'high',4,7.0,32,32,4294967295,'euler','jpeg','jade-v1','[{"name": "jade", "version": "1", "sha256": "2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b", "short_hash": "94bc92e99332", "weight": 0.9}]','lora-studio-demo','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',1,0,NULL,0.0,4,NULL,NULL,1.7958108904099926949e+09,1.79581089044201827045e+09,1.79581089052799654009e+09,NULL,'full',0.0,1.0,'ip:testclient',NULL,NULL,NULL);
INSERT INTO "job" VALUES('9cec24af472469761b1b28333be3811b','user:d3036fb747a481936484ba591835a113','completed','woman at sunset','woman at sunset','',1,'high',3,1.0,32,32,7,'heun','png',NULL,'[]','lora-studio-demo','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',1,0,NULL,0.0,2,NULL,NULL,1.7958108905570044517e+09,1.79581089058001780508e+09,1.79581089060701417923e+09,NULL,'full',0.0,1.0,'ip:testclient',NULL,NULL,NULL);
INSERT INTO "job" VALUES('3f7dd49dc5a0f6a4decfa1d8c90b89fc','user:d3036fb747a481936484ba591835a113','failed','red woman','jade woman, red woman','low quality, blurry, distorted',2,'high',2,7.0,32,32,12,'euler','jpeg','jade-v2','[{"name": "jade", "version": "2", "sha256": "fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "short_hash": "2d8c59bb59ad", "weight": 0.9}]','lora-studio-demo','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',1,0,NULL,0.0,2,'nan','picture 2: the picture came out as not-a-number',1.79581089063598203659e+09,1.7958108906560182571e+09,1.79581089069098091123e+09,NULL,'full',0.0,1.0,'ip:testclient',NULL,NULL,NULL);
INSERT INTO "job" VALUES('e5b14a4a5a5c990e85efce032dc49382','user:d3036fb747a481936484ba591835a113','completed','red dress <lora:amber:0.5>','jade woman, red dress, sketch','low quality, blurry, distorted',2,'high',5,7.0,32,32,50,'euler','webp','jade-v2','[{"name": "jade", "version": "2", "sha256": "fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "short_hash": "2d8c59bb59ad", "weight": 0.4}, {"name": "amber", "version": null, "sha256": "51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9", "short_hash": "92c135ebbc74", "weight": 0.5}]','lora-studio-demo','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',1,0,NULL,0.0,3,NULL,NULL,1.79581089071600580211e+09,1.79581089073998475071e+09,1.79581089081598520274e+09,'sketch','minimal',0.1,0.7,'ip:testclient',NULL,NULL,NULL);
INSERT INTO "job" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1','user:d3036fb747a481936484ba591835a113','completed','red dress
beach <lora:amber:0.5>','jade woman, red dress
jade woman, beach','low quality, blurry, distorted',16,'high',2,7.0,32,32,5,'euler','jpeg','jade-v1','[{"name": "jade", "version": "1", "sha256": "2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b", "short_hash": "94bc92e99332", "weight": 0.9}, {"name": "jade", "version": "2", "sha256": "fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "short_hash": "2d8c59bb59ad", "weight": 0.4}, {"name": "amber", "version": null, "sha256": "51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9", "short_hash": "92c135ebbc74", "weight": 0.2}]','lora-studio-demo','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',1,0,NULL,0.0,17,NULL,NULL,1.79581089083899855612e+09,1.79581089086398339267e+09,1.79581089111298608778e+09,NULL,'full',0.0,1.0,'ip:testclient',NULL,NULL,'{"prompts": ["red dress", "beach <lora:amber:0.5>"], "seeds": [5, 9], "variants": ["jade-v1:0.9", "jade-v2:0.4", "amber:0.2", "no LoRA"], "cells": [[{"final_prompt": "jade woman, red dress", "loras": [{"name": "jade", "version": "1", "sha256": "2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b", "short_hash": "94bc92e99332", "weight": 0.9}]}, {"final_prompt": "jade woman, red dress", "loras": [{"name": "jade", "version": "2", "sha256": "fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "short_hash": "2d8c59bb59ad", "weight": 0.4}]}, {"final_prompt": "red dress", "loras": [{"name": "amber", "version": null, "sha256": "51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9", "short_hash": "92c135ebbc74", "weight": 0.2}]}, {"final_prompt": "red dress", "loras": []}], [{"final_prompt": "jade woman, beach", "loras": [{"name": "jade", "version": "1", "sha256": "2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b", "short_hash": "94bc92e99332", "weight": 0.9}, {"name": "amber", "version": null, "sha256": "51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9", "short_hash": "92c135ebbc74", "weight": 0.5}]}, {"final_prompt": "jade woman, beach", "loras": [{"name": "jade", "version": "2", "sha256": "fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "short_hash": "2d8c59bb59ad", "weight": 0.4}, {"name": "amber", "version": null, "sha256": "51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9", "short_hash": "92c135ebbc74", "weight": 0.5}]}, {"final_prompt": "beach", "loras": [{"name": "amber", "version": null, "sha256": "51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9", "short_hash": "92c135ebbc74", "weight": 0.7}]}, {"final_prompt": "beach", "loras": [{"name": "amber", "version": null, "sha256": "51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9", "short_hash": "92c135ebbc74", "weight": 0.5}]}]]}');
INSERT INTO "job" VALUES('7c21a08a484624980f3a39ad56d0d2e6','user:d3036fb747a481936484ba591835a113','cancelled','red woman on a beach','jade woman, red woman on a beach','low quality, blurry, distorted',2,'high',3,7.0,32,32,3,'euler','jpeg','jade-v2','[{"name": "jade", "version": "2", "sha256": "fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "short_hash": "2d8c59bb59ad", "weight": 0.9}]','lora-studio-demo','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',1,0,NULL,0.0,1,NULL,NULL,1.79581089118299198157e+09,1.79581089120198202132e+09,1.79581089120898246768e+09,NULL,'full',0.0,1.0,'ip:testclient',NULL,NULL,NULL);
INSERT INTO "job" VALUES('37b61d04fd4b1b894d810c415572c314','user:d3036fb747a481936484ba591835a113','processing','dress at the beach','jade woman, dress at the beach','low quality, blurry, distorted',3,'high',10,7.0,32,32,30,'euler','jpeg','jade-v2','[{"name": "jade", "version": "2", "sha256": "fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "short_hash": "2d8c59bb59ad", "weight": 0.9}]','lora-studio-demo','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',1,0,'d3ec3be361f2cd1a69c687091e8d68f3/75fdccc7',1.7958109012369847298e+09,1,NULL,NULL,1.79581089122298359866e+09,1.79581089123698472978e+09,NULL,NULL,'full',0.0,1.0,'ip:testclient',NULL,NULL,NULL);
INSERT INTO "job" VALUES('ace6c87bae8db1f1bd470e4e11e0969b','user:d3036fb747a481936484ba591835a113','processing','jade woman, red dress','jade woman, red dress','low quality, blurry, distorted',2,'high',4,7.0,32,32,60,'euler','jpeg','jade-v2','[{"name": "jade", "version": "2", "sha256": "fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "short_hash": "2d8c59bb59ad", "weight": 0.9}]','lora-studio-demo','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',1,0,'d3ec3be361f2cd1a69c687091e8d68f3/75fdccc7',1.79581090179300665848e+09,0,NULL,NULL,1.79581089177900552747e+09,1.79581089179300665854e+09,NULL,NULL,'full',0.0,1.0,'ip:testclient',NULL,NULL,NULL);
INSERT INTO "job" VALUES('78238e2c3a61da7f271da55f85a6929e','user:d3036fb747a481936484ba591835a113','processing','red dress
woman','jade woman, red dress
jade woman, woman','low quality, blurry, distorted',4,'high',2,7.0,32,32,5,'euler','jpeg','jade-v1','[{"name": "jade", "version": "1", "sha256": "2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b", "short_hash": "94bc92e99332", "weight": 0.9}]','lora-studio-demo','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',1,0,'d3ec3be361f2cd1a69c687091e8d68f3/75fdccc7',1.7958109018150141239e+09,0,NULL,NULL,1.79581089179900145534e+09,1.79581089181501412396e+09,NULL,NULL,'full',0.0,1.0,'ip:testclient',NULL,NULL,'{"prompts": ["red dress", "woman"], "seeds": [5], "variants": ["jade-v1:0.9", "no LoRA"], "cells": [[{"final_prompt": "jade woman, red dress", "loras": [{"name": "jade", "version": "1", "sha256": "2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b", "short_hash": "94bc92e99332", "weight": 0.9}]}, {"final_prompt": "red dress", "loras": []}], [{"final_prompt": "jade woman, woman", "loras": [{"name": "jade", "version": "1", "sha256": "2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b", "short_hash": "94bc92e99332", "weight": 0.9}]}, {"final_prompt": "woman", "loras": []}]]}');
INSERT INTO "job" VALUES('69c54ec5bd016bf55609ef4435e335fa','user:d3036fb747a481936484ba591835a113','processing','red woman','jade woman, red woman','low quality, blurry, distorted',1,'high',10,7.0,32,32,61,'euler','jpeg','jade-v2','[{"name": "jade", "version": "2", "sha256": "fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "short_hash": "2d8c59bb59ad", "weight": 0.9}]','lora-studio-demo','49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5',1,0,'d3ec3be361f2cd1a69c687091e8d68f3/75fdccc7',1795810901.83501,0,NULL,NULL,1.79581089181899738313e+09,1795810891.83501,NULL,NULL,'full',0.0,0.4,'ip:testclient',NULL,NULL,NULL);
CREATE TABLE job_event (
	job_id VARCHAR(32) NOT NULL, 
	seq INTEGER NOT NULL, 
	name VARCHAR(16) NOT NULL, 
	data JSON NOT NULL, 
	created_at_s DOUBLE NOT NULL, 
	CONSTRAINT pk_job_event PRIMARY KEY (job_id, seq), 
	CONSTRAINT fk_job_event_job_id_job FOREIGN KEY(job_id) REFERENCES job (id) ON DELETE CASCADE
);
INSERT INTO "job_event" VALUES('bf40bc84d844290b17bc804fa43b677c',1,'image','{"id": "bf40bc84d844290b17bc804fa43b677c-1", "index": 0, "storage_key": "generations/bf40bc84d844290b17bc804fa43b677c/bf40bc84d844290b17bc804fa43b677c-1.jpg", "thumbnail_key": null, "seed": 4294967295, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2145}',1.79581089047798657422e+09);
INSERT INTO "job_event" VALUES('bf40bc84d844290b17bc804fa43b677c',3,'image','{"id": "bf40bc84d844290b17bc804fa43b677c-2", "index": 1, "storage_key": "generations/bf40bc84d844290b17bc804fa43b677c/bf40bc84d844290b17bc804fa43b677c-2.jpg", "thumbnail_key": null, "seed": 0, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2116}',1.79581089051198363303e+09);
INSERT INTO "job_event" VALUES('bf40bc84d844290b17bc804fa43b677c',4,'completed','{"job_id": "bf40bc84d844290b17bc804fa43b677c", "status": "completed", "images_completed": 3, "images_total": 3, "error": null}',1.79581089052799654009e+09);
INSERT INTO "job_event" VALUES('9cec24af472469761b1b28333be3811b',1,'image','{"id": "9cec24af472469761b1b28333be3811b-1", "index": 0, "storage_key": "generations/9cec24af472469761b1b28333be3811b/9cec24af472469761b1b28333be3811b-1.png", "thumbnail_key": null, "seed": 7, "width": 32, "height": 32, "content_type": "image/png", "bytes": 866}',1.79581089059800195692e+09);
INSERT INTO "job_event" VALUES('9cec24af472469761b1b28333be3811b',2,'completed','{"job_id": "9cec24af472469761b1b28333be3811b", "status": "completed", "images_completed": 1, "images_total": 1, "error": null}',1.79581089060701417923e+09);
INSERT INTO "job_event" VALUES('3f7dd49dc5a0f6a4decfa1d8c90b89fc',1,'image','{"id": "3f7dd49dc5a0f6a4decfa1d8c90b89fc-1", "index": 0, "storage_key": "generations/3f7dd49dc5a0f6a4decfa1d8c90b89fc/3f7dd49dc5a0f6a4decfa1d8c90b89fc-1.jpg", "thumbnail_key": null, "seed": 12, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2122}',1.79581089067899131775e+09);
INSERT INTO "job_event" VALUES('3f7dd49dc5a0f6a4decfa1d8c90b89fc',2,'failed','{"job_id": "3f7dd49dc5a0f6a4decfa1d8c90b89fc", "status": "failed", "images_completed": 1, "images_total": 2, "error": {"code": "nan", "detail": "picture 2: the picture came out as not-a-number"}}',1.79581089069098091123e+09);
INSERT INTO "job_event" VALUES('e5b14a4a5a5c990e85efce032dc49382',1,'image','{"id": "e5b14a4a5a5c990e85efce032dc49382-2", "index": 1, "storage_key": "generations/e5b14a4a5a5c990e85efce032dc49382/e5b14a4a5a5c990e85efce032dc49382-2.webp", "thumbnail_key": null, "seed": 51, "width": 32, "height": 32, "content_type": "image/webp", "bytes": 1046}',1.79581089079100036619e+09);
INSERT INTO "job_event" VALUES('e5b14a4a5a5c990e85efce032dc49382',2,'image','{"id": "e5b14a4a5a5c990e85efce032dc49382-1", "index": 0, "storage_key": "generations/e5b14a4a5a5c990e85efce032dc49382/e5b14a4a5a5c990e85efce032dc49382-1.webp", "thumbnail_key": null, "seed": 50, "width": 32, "height": 32, "content_type": "image/webp", "bytes": 1042}',1.79581089080999040607e+09);
INSERT INTO "job_event" VALUES('e5b14a4a5a5c990e85efce032dc49382',3,'completed','{"job_id": "e5b14a4a5a5c990e85efce032dc49382", "status": "completed", "images_completed": 2, "images_total": 2, "error": null}',1.79581089081598520274e+09);
INSERT INTO "job_event" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1',1,'image','{"id": "7f5dacfeaafbe06aa4dd7bc8dd6952a1-1", "index": 0, "storage_key": "generations/7f5dacfeaafbe06aa4dd7bc8dd6952a1/7f5dacfeaafbe06aa4dd7bc8dd6952a1-1.jpg", "thumbnail_key": null, "seed": 5, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2131}',1.79581089092099380494e+09);
INSERT INTO "job_event" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1',2,'image','{"id": "7f5dacfeaafbe06aa4dd7bc8dd6952a1-2", "index": 1, "storage_key": "generations/7f5dacfeaafbe06aa4dd7bc8dd6952a1/7f5dacfeaafbe06aa4dd7bc8dd6952a1-2.jpg", "thumbnail_key": null, "seed": 5, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2126}',1.79581089093101167676e+09);
INSERT INTO "job_event" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1',3,'image','{"id": "7f5dacfeaafbe06aa4dd7bc8dd6952a1-4", "index": 3, "storage_key": "generations/7f5dacfeaafbe06aa4dd7bc8dd6952a1/7f5dacfeaafbe06aa4dd7bc8dd6952a1-4.jpg", "thumbnail_key": null, "seed": 5, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 1946}',1.79581089093801236152e+09);
INSERT INTO "job_event" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1',4,'image','{"id": "7f5dacfeaafbe06aa4dd7bc8dd6952a1-3", "index": 2, "storage_key": "generations/7f5dacfeaafbe06aa4dd7bc8dd6952a1/7f5dacfeaafbe06aa4dd7bc8dd6952a1-3.jpg", "thumbnail_key": null, "seed": 5, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2072}',1.79581089095100760464e+09);
INSERT INTO "job_event" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1',5,'image','{"id": "7f5dacfeaafbe06aa4dd7bc8dd6952a1-5", "index": 4, "storage_key": "generations/7f5dacfeaafbe06aa4dd7bc8dd6952a1/7f5dacfeaafbe06aa4dd7bc8dd6952a1-5.jpg", "thumbnail_key": null, "seed": 9, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2131}',1.79581089096698021893e+09);
INSERT INTO "job_event" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1',6,'image','{"id": "7f5dacfeaafbe06aa4dd7bc8dd6952a1-6", "index": 5, "storage_key": "generations/7f5dacfeaafbe06aa4dd7bc8dd6952a1/7f5dacfeaafbe06aa4dd7bc8dd6952a1-6.jpg", "thumbnail_key": null, "seed": 9, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2106}',1.79581089097498655324e+09);
INSERT INTO "job_event" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1',7,'image','{"id": "7f5dacfeaafbe06aa4dd7bc8dd6952a1-7", "index": 6, "storage_key": "generations/7f5dacfeaafbe06aa4dd7bc8dd6952a1/7f5dacfeaafbe06aa4dd7bc8dd6952a1-7.jpg", "thumbnail_key": null, "seed": 9, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2083}',1.79581089098798179623e+09);
INSERT INTO "job_event" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1',8,'image','{"id": "7f5dacfeaafbe06aa4dd7bc8dd6952a1-8", "index": 7, "storage_key": "generations/7f5dacfeaafbe06aa4dd7bc8dd6952a1/7f5dacfeaafbe06aa4dd7bc8dd6952a1-8.jpg", "thumbnail_key": null, "seed": 9, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2013}',1.79581089100001144403e+09);
INSERT INTO "job_event" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1',9,'image','{"id": "7f5dacfeaafbe06aa4dd7bc8dd6952a1-10", "index": 9, "storage_key": "generations/7f5dacfeaafbe06aa4dd7bc8dd6952a1/7f5dacfeaafbe06aa4dd7bc8dd6952a1-10.jpg", "thumbnail_key": null, "seed": 5, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2195}',1.7958108910120010376e+09);
INSERT INTO "job_event" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1',10,'image','{"id": "7f5dacfeaafbe06aa4dd7bc8dd6952a1-9", "index": 8, "storage_key": "generations/7f5dacfeaafbe06aa4dd7bc8dd6952a1/7f5dacfeaafbe06aa4dd7bc8dd6952a1-9.jpg", "thumbnail_key": null, "seed": 5, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2183}',1.79581089102700805666e+09);
INSERT INTO "job_event" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1',11,'image','{"id": "7f5dacfeaafbe06aa4dd7bc8dd6952a1-11", "index": 10, "storage_key": "generations/7f5dacfeaafbe06aa4dd7bc8dd6952a1/7f5dacfeaafbe06aa4dd7bc8dd6952a1-11.jpg", "thumbnail_key": null, "seed": 5, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2086}',1.7958108910389974117e+09);
INSERT INTO "job_event" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1',12,'image','{"id": "7f5dacfeaafbe06aa4dd7bc8dd6952a1-13", "index": 12, "storage_key": "generations/7f5dacfeaafbe06aa4dd7bc8dd6952a1/7f5dacfeaafbe06aa4dd7bc8dd6952a1-13.jpg", "thumbnail_key": null, "seed": 9, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2145}',1.79581089105400443076e+09);
INSERT INTO "job_event" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1',13,'image','{"id": "7f5dacfeaafbe06aa4dd7bc8dd6952a1-12", "index": 11, "storage_key": "generations/7f5dacfeaafbe06aa4dd7bc8dd6952a1/7f5dacfeaafbe06aa4dd7bc8dd6952a1-12.jpg", "thumbnail_key": null, "seed": 5, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2057}',1.79581089107001733778e+09);
INSERT INTO "job_event" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1',14,'image','{"id": "7f5dacfeaafbe06aa4dd7bc8dd6952a1-14", "index": 13, "storage_key": "generations/7f5dacfeaafbe06aa4dd7bc8dd6952a1/7f5dacfeaafbe06aa4dd7bc8dd6952a1-14.jpg", "thumbnail_key": null, "seed": 9, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2192}',1.79581089108800148962e+09);
INSERT INTO "job_event" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1',15,'image','{"id": "7f5dacfeaafbe06aa4dd7bc8dd6952a1-16", "index": 15, "storage_key": "generations/7f5dacfeaafbe06aa4dd7bc8dd6952a1/7f5dacfeaafbe06aa4dd7bc8dd6952a1-16.jpg", "thumbnail_key": null, "seed": 9, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2073}',1.79581089109999084479e+09);
INSERT INTO "job_event" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1',16,'image','{"id": "7f5dacfeaafbe06aa4dd7bc8dd6952a1-15", "index": 14, "storage_key": "generations/7f5dacfeaafbe06aa4dd7bc8dd6952a1/7f5dacfeaafbe06aa4dd7bc8dd6952a1-15.jpg", "thumbnail_key": null, "seed": 9, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2071}',1.79581089110900306705e+09);
INSERT INTO "job_event" VALUES('7f5dacfeaafbe06aa4dd7bc8dd6952a1',17,'completed','{"job_id": "7f5dacfeaafbe06aa4dd7bc8dd6952a1", "status": "completed", "images_completed": 16, "images_total": 16, "error": null}',1.79581089111298608778e+09);
INSERT INTO "job_event" VALUES('7c21a08a484624980f3a39ad56d0d2e6',1,'cancelled','{"job_id": "7c21a08a484624980f3a39ad56d0d2e6", "status": "cancelled", "images_completed": 0, "images_total": 2, "error": null}',1.79581089120898246768e+09);
INSERT INTO "job_event" VALUES('37b61d04fd4b1b894d810c415572c314',1,'image','{"id": "37b61d04fd4b1b894d810c415572c314-1", "index": 0, "storage_key": "generations/37b61d04fd4b1b894d810c415572c314/37b61d04fd4b1b894d810c415572c314-1.jpg", "thumbnail_key": null, "seed": 30, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 2157}',1.79581089125899219516e+09);
CREATE TABLE login (
	token_sha256 VARCHAR(64) NOT NULL, 
	account_id VARCHAR(32) NOT NULL, 
	created_at_s DOUBLE NOT NULL, 
	expires_at_s DOUBLE NOT NULL, 
	CONSTRAINT pk_login PRIMARY KEY (token_sha256), 
	CONSTRAINT fk_login_account_id_account FOREIGN KEY(account_id) REFERENCES account (id) ON DELETE CASCADE
);
INSERT INTO "login" VALUES('37092f6dfdd7fedb49b644888a9cac2ff243bac263a368bb5855628a8256ac70','d3036fb747a481936484ba591835a113',1.79581089038001894949e+09,1.79840289038001894953e+09);
CREATE TABLE login_attempt (
	id INTEGER NOT NULL, 
	address VARCHAR(64) NOT NULL, 
	account_sha256 VARCHAR(64) NOT NULL, 
	created_at_s DOUBLE NOT NULL, 
	CONSTRAINT pk_login_attempt PRIMARY KEY (id)
);
CREATE TABLE lora (
	label VARCHAR(160) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	version VARCHAR(64), 
	sha256 VARCHAR(64) NOT NULL, 
	short_hash VARCHAR(12) NOT NULL, 
	num_bytes BIGINT NOT NULL, 
	rank INTEGER NOT NULL, 
	num_modules INTEGER NOT NULL, 
	has_text_encoder BOOLEAN NOT NULL, 
	"trigger" TEXT, 
	title TEXT, 
	base_model VARCHAR(255), 
	file_metadata JSON NOT NULL, 
	loaded_at_s DOUBLE NOT NULL, default_weight DOUBLE, 
	CONSTRAINT pk_lora PRIMARY KEY (label)
);
INSERT INTO "lora" VALUES('amber','amber',NULL,'51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9','92c135ebbc74',316,1,1,0,NULL,NULL,'lora-studio-demo','{"studio.base_model": "lora-studio-demo"}',1.79581089013998794557e+09,NULL);
INSERT INTO "lora" VALUES('jade-v1','jade','1','2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b','94bc92e99332',358,1,1,0,'jade woman',NULL,'lora-studio-demo','{"studio.base_model": "lora-studio-demo", "modelspec.trigger_phrase": "jade woman"}',1.79581089013998794557e+09,NULL);
INSERT INTO "lora" VALUES('jade-v2','jade','2','fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e','2d8c59bb59ad',358,1,1,0,'jade woman',NULL,'lora-studio-demo','{"studio.base_model": "lora-studio-demo", "modelspec.trigger_phrase": "jade woman"}',1.79581089013998794557e+09,NULL);
CREATE TABLE lora_choice (
	target VARCHAR(160) NOT NULL, 
	pinned_version VARCHAR(64), 
	"trigger" TEXT, 
	weight DOUBLE, 
	CONSTRAINT pk_lora_choice PRIMARY KEY (target)
);
CREATE TABLE lora_use (
	sha256 VARCHAR(64) NOT NULL, 
	num_jobs INTEGER NOT NULL, 
	CONSTRAINT pk_lora_use PRIMARY KEY (sha256)
);
INSERT INTO "lora_use" VALUES('2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b',3);
INSERT INTO "lora_use" VALUES('fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e',7);
INSERT INTO "lora_use" VALUES('51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9',2);
CREATE TABLE one_time_code (
	code_sha256 VARCHAR(64) NOT NULL, 
	account_id VARCHAR(32), 
	expires_at_s DOUBLE NOT NULL, 
	CONSTRAINT pk_one_time_code PRIMARY KEY (code_sha256), 
	CONSTRAINT fk_one_time_code_account_id_account FOREIGN KEY(account_id) REFERENCES account (id) ON DELETE CASCADE
);
CREATE TABLE registration (
	account_id VARCHAR(32) NOT NULL, 
	address VARCHAR(64) NOT NULL, 
	created_at_s DOUBLE NOT NULL, 
	CONSTRAINT pk_registration PRIMARY KEY (account_id)
);
INSERT INTO "registration" VALUES('d3036fb747a481936484ba591835a113','ip:testclient',1.79581089037700152404e+09);
CREATE TABLE stream_token (
	token_sha256 VARCHAR(64) NOT NULL, 
	job_id VARCHAR(32) NOT NULL, 
	expires_at_s DOUBLE NOT NULL, 
	CONSTRAINT pk_stream_token PRIMARY KEY (token_sha256), 
	CONSTRAINT fk_stream_token_job_id_job FOREIGN KEY(job_id) REFERENCES job (id) ON DELETE CASCADE
);
CREATE INDEX ix_job_owner_created ON job (owner, created_at_s);
CREATE INDEX ix_job_status_created ON job (status, created_at_s);
CREATE INDEX ix_lora_name ON lora (name);
CREATE INDEX ix_login_account ON login (account_id);
CREATE INDEX ix_api_key_account ON api_key (account_id);
CREATE INDEX ix_registration_address ON registration (address);
CREATE INDEX ix_doomed_object_due ON doomed_object (due_at_s);
CREATE INDEX ix_generation_counted_created ON generation (counted_by, created_at_s);
CREATE INDEX ix_generation_owner_day ON generation (owner, day);
CREATE INDEX ix_engagement_kind_created ON engagement (kind, created_at_s);
CREATE INDEX ix_answer_created ON answer (created_at_s);
CREATE INDEX ix_login_attempt_address ON login_attempt (address, created_at_s);
CREATE INDEX ix_login_attempt_account ON login_attempt (account_sha256, created_at_s);
CREATE INDEX ix_image_finished ON image (finished_at_s);
COMMIT;
